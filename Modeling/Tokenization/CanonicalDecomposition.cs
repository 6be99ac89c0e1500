using System.Globalization;
using System.Text;

namespace FwdLLM.Modeling.Tokenization;

/// <summary>
/// Canonical decomposition (NFD) of single code points. The base library's own returns its input unchanged for most text when
/// globalisation is invariant, which every program here sets, so the table comes along.
/// Runs of combining marks are not reordered: nearly all are removed right after.
/// </summary>
internal static class CanonicalDecomposition
{
    private const int HangulBase = 0xAC00, HangulCount = 11_172, TrailingCount = 28, SyllablesPerLead = 588;
    private const int LeadBase = 0x1100, VowelBase = 0x1161, TrailingBase = 0x11A7;

    private static readonly Dictionary<int, Rune[]> Table = Load();

    /// <summary>Writes the decomposition of <paramref name="rune"/> and returns how many code points it has; at most 4.</summary>
    public static int Decompose(Rune rune, Span<Rune> target)
    {
        var syllable = rune.Value - HangulBase;
        if (syllable is >= 0 and < HangulCount)
        {
            target[0] = new Rune(LeadBase + syllable / SyllablesPerLead);
            target[1] = new Rune(VowelBase + syllable % SyllablesPerLead / TrailingCount);
            var trailing = syllable % TrailingCount;
            if (trailing == 0)
                return 2;
            target[2] = new Rune(TrailingBase + trailing);
            return 3;
        }

        if (!rune.IsAscii && Table.TryGetValue(rune.Value, out var parts))
        {
            parts.CopyTo(target);
            return parts.Length;
        }

        target[0] = rune;
        return 1;
    }

    private static Dictionary<int, Rune[]> Load()
    {
        using var stream = typeof(CanonicalDecomposition).Assembly.GetManifestResourceStream("CanonicalDecompositions.txt")
            ?? throw new InvalidOperationException("The assembly was built without its resource CanonicalDecompositions.txt.");
        using var reader = new StreamReader(stream);
        var steps = new Dictionary<int, int[]>();
        while (reader.ReadLine() is { } line)
        {
            if (line.StartsWith('#'))
                continue;
            var codes = line.Split(' ').Select(code => int.Parse(code, NumberStyles.HexNumber, CultureInfo.InvariantCulture)).ToArray();
            steps.Add(codes[0], codes[1..]);
        }

        return steps.Keys.ToDictionary(code => code, code => Expand(code, steps).Select(part => new Rune(part)).ToArray());
    }

    private static IEnumerable<int> Expand(int code, Dictionary<int, int[]> steps) =>
        steps.TryGetValue(code, out var parts) ? parts.SelectMany(part => Expand(part, steps)) : [code];
}
