using FwdLLM.Modeling.Tokenization;

namespace FwdLLM.Inference;

/// <summary>Cuts questions and contexts into windows.</summary>
/// <param name="tokenizer">The model's tokenizer.</param>
/// <param name="maxTokens">Tokens of a window, special tokens included.</param>
/// <param name="stride">Context tokens that neighbouring windows share.</param>
public sealed class QuestionWindows(ITokenizer tokenizer, int maxTokens, int stride)
{
    private readonly int _addedToOne = tokenizer.Encode("", maxTokens).Length;
    private readonly int _addedToPair = tokenizer.EncodePair("", "", maxTokens).Ids.Length;

    /// <summary>The windows of a question, in order; at least one.</summary>
    /// <exception cref="ArgumentException">The question leaves no room for more context than the stride.</exception>
    public IReadOnlyList<QuestionWindow> Cut(string question, string context)
    {
        var questionTokens = tokenizer.Encode(question, int.MaxValue).Length - _addedToOne;
        return [.. tokenizer.EncodeWindows(question, context, maxTokens, stride).Select(pair =>
        {
            // Only added tokens are at (0, 0); the context's end where those behind it begin.
            var last = pair.Ids.Length - 1;
            var count = pair.Ids.Length - _addedToPair - questionTokens;
            while (last > 0 && pair.Offsets[last] == (0, 0)) last--;
            return new QuestionWindow(new TokenSequence(pair.Ids, pair.TypeIds), pair.Offsets, last - count + 1, count == 0 ? last - count : last);
        })];
    }
}
