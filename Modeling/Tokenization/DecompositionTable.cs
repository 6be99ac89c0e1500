using System.Globalization;
using System.Text;

namespace FwdLLM.Modeling.Tokenization;

/// <summary>
/// Decomposition of single code points (NFD, NFKD) by tables of the Unicode Character Database. The base library's own returns its
/// input unchanged for most text when globalisation is invariant, which every program here sets, so the tables come along.
/// Runs of combining marks are not reordered: nearly all are removed right after.
/// </summary>
internal sealed class DecompositionTable
{
    private const int HangulBase = 0xAC00, HangulCount = 11_172, TrailingCount = 28, SyllablesPerLead = 588;
    private const int LeadBase = 0x1100, VowelBase = 0x1161, TrailingBase = 0x11A7;

    private static readonly Lazy<DecompositionTable> CanonicalTable = new(() => new(LongestCanonical, "CanonicalDecompositions.txt"));
    private static readonly Lazy<DecompositionTable> CompatibilityTable = new(() => new(LongestCompatibility, "CanonicalDecompositions.txt", "CompatibilityDecompositions.txt"));

    private const int LongestCanonical = 4, LongestCompatibility = 18;

    private readonly Dictionary<int, Rune[]> _table;

    private DecompositionTable(int longest, params string[] resources)
    {
        Longest = longest;
        var steps = new Dictionary<int, int[]>();
        foreach (var resource in resources)
            Load(resource, steps);
        _table = steps.Keys.ToDictionary(code => code, code => Expand(code, steps).Select(part => new Rune(part)).ToArray());
    }

    /// <summary>NFD.</summary>
    public static DecompositionTable Canonical => CanonicalTable.Value;

    /// <summary>NFKD.</summary>
    public static DecompositionTable Compatibility => CompatibilityTable.Value;

    /// <summary>How many code points one can become.</summary>
    public int Longest { get; }

    /// <summary>Writes the decomposition of <paramref name="rune"/> and returns how many code points it has; at most <see cref="Longest"/>.</summary>
    public int Decompose(Rune rune, Span<Rune> target)
    {
        if (IsSyllable(rune.Value))
        {
            var count = 0;
            foreach (var letter in Letters(rune.Value))
                target[count++] = new Rune(letter);
            return count;
        }

        if (!rune.IsAscii && _table.TryGetValue(rune.Value, out var parts))
        {
            parts.CopyTo(target);
            return parts.Length;
        }

        target[0] = rune;
        return 1;
    }

    private static void Load(string resource, Dictionary<int, int[]> steps)
    {
        using var stream = typeof(DecompositionTable).Assembly.GetManifestResourceStream(resource)
            ?? throw new InvalidOperationException($"The assembly was built without its resource {resource}.");
        using var reader = new StreamReader(stream);
        while (reader.ReadLine() is { } line)
        {
            if (line.StartsWith('#'))
                continue;
            var codes = line.Split(' ').Select(code => int.Parse(code, NumberStyles.HexNumber, CultureInfo.InvariantCulture)).ToArray();
            steps.Add(codes[0], codes[1..]);
        }
    }

    private static IEnumerable<int> Expand(int code, Dictionary<int, int[]> steps) =>
        steps.TryGetValue(code, out var parts) ? parts.SelectMany(part => Expand(part, steps)) : IsSyllable(code) ? Letters(code) : [code];

    private static bool IsSyllable(int code) => code - HangulBase is >= 0 and < HangulCount;

    /// <summary>The two or three letters of a Hangul syllable, which the tables leave out because they can be computed.</summary>
    private static int[] Letters(int code)
    {
        var syllable = code - HangulBase;
        var (lead, vowel, trailing) = (LeadBase + syllable / SyllablesPerLead, VowelBase + syllable % SyllablesPerLead / TrailingCount, syllable % TrailingCount);
        return trailing == 0 ? [lead, vowel] : [lead, vowel, TrailingBase + trailing];
    }
}
