using System.Text.RegularExpressions;

namespace FwdLLM.Modeling.Tokenization;

/// <summary>The published patterns that cut text into words before byte-pair merging. All alternatives are tried without nested repetition, so matching takes linear time.</summary>
internal static partial class WordSplits
{
    /// <summary>GPT-2's pattern, which RoBERTa shares, as it stands in files.</summary>
    public const string Gpt2Pattern = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    private const string Llama3Pattern = @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
    private const string Qwen2Pattern = @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    // (?i:) written out: 's' has a third form, U+017F, in the reference but not in .NET.
    private const string AnyCaseContractions = @"'(?:[sS\u017FtTmMdD]|[rR][eE]|[vV][eE]|[lL][lL])";

    private static readonly Dictionary<string, Regex> ByPattern = new(StringComparer.Ordinal)
    {
        [Gpt2Pattern] = Gpt2(),
        [Llama3Pattern] = Llama3(),
        [Qwen2Pattern] = Qwen2(),
        [@"\p{N}"] = Digit(),
    };

    /// <summary>By the name that GGUF files give (tokenizer.ggml.pre); the words of one are cut by the next.</summary>
    private static readonly Dictionary<string, Regex[]> ByName = new(StringComparer.Ordinal)
    {
        ["gpt2"] = [Gpt2()],
        ["gpt-2"] = [Gpt2()],
        ["roberta-bpe"] = [Gpt2()],
        ["smollm"] = [Digit(), Gpt2()],
        ["starcoder"] = [Digit(), Gpt2()],
        ["refact"] = [Digit(), Gpt2()],
        ["llama-bpe"] = [Llama3()],
        ["llama3"] = [Llama3()],
        ["llama-v3"] = [Llama3()],
        ["qwen2"] = [Qwen2()],
    };

    public static IEnumerable<string> Names => ByName.Keys;

    /// <summary>Llama 3 takes a word that is a token whole, whatever the merges say.</summary>
    public static bool IsLlama3(string name) => ByName.TryGetValue(name, out var splits) && splits[^1] == ByPattern[Llama3Pattern];

    public static Regex[]? FindName(string name) => ByName.GetValueOrDefault(name);

    public static Regex? FindPattern(string pattern) => ByPattern.GetValueOrDefault(pattern);

    [GeneratedRegex(Gpt2Pattern, RegexOptions.CultureInvariant)]
    public static partial Regex Gpt2();

    [GeneratedRegex(@"\p{N}", RegexOptions.CultureInvariant)]
    public static partial Regex Digit();

    [GeneratedRegex(@"\p{N}+", RegexOptions.CultureInvariant)]
    public static partial Regex Digits();

    [GeneratedRegex(AnyCaseContractions + @"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+", RegexOptions.CultureInvariant)]
    private static partial Regex Llama3();

    [GeneratedRegex(AnyCaseContractions + @"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+", RegexOptions.CultureInvariant)]
    private static partial Regex Qwen2();
}
