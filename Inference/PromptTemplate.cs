using FwdLLM.Modeling.Tokenization;

namespace FwdLLM.Inference;

/// <summary>Texts in a prompt that a causal model goes on with, and the tokens it may go on with.</summary>
public sealed class PromptTemplate
{
    /// <summary>Where the text goes.</summary>
    public const string Place = "{text}";

    private readonly ITokenizer _tokenizer;
    private readonly string _before;
    private readonly string _after;

    /// <summary>Creates a template.</summary>
    /// <param name="template">Text with <see cref="Place"/> in it once.</param>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <exception cref="ArgumentException">The place is not there, or twice.</exception>
    public PromptTemplate(string template, ITokenizer tokenizer)
    {
        if (Problem(template) is { } problem) throw new ArgumentException($"The prompt template {problem}", nameof(template));
        var place = template.IndexOf(Place, StringComparison.Ordinal);
        (_before, _after, _tokenizer) = (template[..place], template[(place + Place.Length)..], tokenizer);
    }

    /// <summary>What is wrong with a template, or null.</summary>
    public static string? Problem(string template)
    {
        ArgumentNullException.ThrowIfNull(template);
        var parts = template.Split(Place).Length - 1;
        return parts == 1 ? null : $"is \"{template}\", which has {Place} {parts} times; put it where the text goes, once.";
    }

    /// <summary>The prompt round a text. A text that is too long loses its end, so that the prompt's own end always stands.</summary>
    /// <exception cref="ArgumentException">Not even the prompt without a text fits.</exception>
    public int[] Encode(string text, int maxTokens)
    {
        ArgumentNullException.ThrowIfNull(text);
        while (true)
        {
            var ids = _tokenizer.Encode(_before + text + _after, int.MaxValue);
            if (ids.Length <= maxTokens) return ids;
            if (text.Length == 0) throw new ArgumentException($"The prompt alone has {ids.Length} tokens; {maxTokens} are allowed. Raise the limit or shorten the template.", nameof(maxTokens));
            text = Shortened(text, ids.Length - maxTokens);
        }
    }

    /// <summary>The first token of a word where the prompt ends, after a space unless the template ends with white space.</summary>
    /// <exception cref="ArgumentException">The word is empty, or the tokenizer makes no token of it.</exception>
    public int FirstToken(string word)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(word);
        // Prompt and word are cut together, as they would be read; what ends beyond the prompt is the word's.
        var prompt = _before + _after;
        var whole = prompt + (prompt.Length > 0 && char.IsWhiteSpace(prompt[^1]) ? "" : " ") + word;
        var encoded = _tokenizer.EncodeWithOffsets(whole, int.MaxValue);
        for (var i = 0; i < encoded.Ids.Length; i++)
            if (encoded.Offsets[i].End > prompt.Length)
                return encoded.Ids[i];
        throw new ArgumentException($"The word \"{word}\" gives no token after the prompt; choose another.", nameof(word));
    }

    private string Shortened(string text, int tokens)
    {
        var pieces = _tokenizer.EncodeWithOffsets(text, int.MaxValue).Offsets.Where(offset => offset.End > 0).ToArray();
        var kept = pieces.Length - tokens;
        var end = kept > 0 ? Math.Min(pieces[kept - 1].End, text.Length - 1) : 0;
        return char.IsHighSurrogate(text, Math.Max(0, end - 1)) && end > 0 ? text[..(end - 1)] : text[..end];
    }
}
