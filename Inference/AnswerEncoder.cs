using FwdLLM.Learning.Tasks;
using FwdLLM.Modeling.Tokenization;

namespace FwdLLM.Inference;

/// <summary>Texts of which a causal language model learns the answers only. What is too long loses its end.</summary>
/// <param name="tokenizer">The model's tokenizer.</param>
/// <param name="chat">How conversations are written; null where there are none.</param>
/// <param name="maxTokens">Tokens of a text, special tokens included.</param>
public sealed class AnswerEncoder(ITokenizer tokenizer, ChatTemplate? chat, int maxTokens)
{
    private const string EndOfTurn = "<|im_end|>";

    /// <summary>Prompt and answer as one text, and the end token, where the model has one, as the answer's last.</summary>
    public (TokenSequence Sequence, AnswerTarget Target) Encode(string prompt, string answer)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        ArgumentNullException.ThrowIfNull(answer);
        var encoded = tokenizer.EncodeWithOffsets(prompt + answer, int.MaxValue);
        var ends = tokenizer.Special.End is { } end && encoded.Ids[^1] != end;
        return Create(
            ends ? [.. encoded.Ids, tokenizer.Special.End!.Value] : encoded.Ids,
            ends ? [.. encoded.Offsets, (0, 0)] : encoded.Offsets,
            [(prompt.Length, prompt.Length + answer.Length)],
            endToken: tokenizer.Special.End);
    }

    /// <summary>A conversation; the answers are the assistant's turns with the token that ends them.</summary>
    /// <exception cref="ArgumentException">There is no chat template, or it writes a turn otherwise once others follow.</exception>
    public (TokenSequence Sequence, AnswerTarget Target) Encode(IReadOnlyList<ChatMessage> messages)
    {
        ArgumentNullException.ThrowIfNull(messages);
        if (chat is null) throw new ArgumentException("The model has no chat template; give prompts and answers instead of messages.", nameof(messages));
        var text = chat.Render(messages, addGenerationPrompt: false);
        var answers = new List<(int Start, int End)>();
        for (var turn = 0; turn < messages.Count; turn++)
        {
            if (messages[turn].Role != "assistant" || turn == 0) continue;
            var before = chat.Render([.. messages.Take(turn)], addGenerationPrompt: true);
            var whole = before + messages[turn].Content + EndOfTurn;
            if (!text.StartsWith(whole, StringComparison.Ordinal)) throw new ArgumentException("The chat template writes a turn otherwise once others follow; give prompts and answers instead of messages.", nameof(messages));
            answers.Add((before.Length, whole.Length));
        }

        var encoded = tokenizer.EncodeWithOffsets(text, int.MaxValue);
        return Create(encoded.Ids, encoded.Offsets, answers, endToken: null);
    }

    private (TokenSequence Sequence, AnswerTarget Target) Create(int[] ids, (int Start, int End)[] offsets, IReadOnlyList<(int Start, int End)> answers, int? endToken)
    {
        var count = Math.Min(ids.Length, maxTokens);
        // The first token has none before it that could predict it.
        var predicted = Enumerable.Range(1, Math.Max(0, count - 1)).Where(i => (i == ids.Length - 1 && ids[i] == endToken)
            || (offsets[i] != (0, 0) && answers.Any(answer => offsets[i].End > answer.Start && offsets[i].Start < answer.End))).ToArray();
        return (new TokenSequence(ids[..count]), new AnswerTarget(Array.ConvertAll(predicted, i => i - 1), Array.ConvertAll(predicted, i => ids[i])));
    }
}
