using System.Globalization;
using System.Text;

namespace FwdLLM.Modeling.Tokenization;

/// <summary>A step of normalisation on code points that keep their places.</summary>
internal delegate List<MappedRune> NormalizerStep(List<MappedRune> runes);

/// <summary>The steps of ALBERT's normalisation.</summary>
internal static class TextNormalizer
{
    /// <summary>ALBERT: quotes of two characters become one, NFKD without marks unless accents are kept, lower case, the model's own rules, single spaces.</summary>
    public static NormalizerStep[] Albert(bool lowercase, bool keepAccents, PrecompiledCharsmap? charsmap)
    {
        var steps = new List<NormalizerStep> { Replace("``", "\""), Replace("''", "\"") };
        if (!keepAccents)
            steps.Add(StripAccents);
        if (lowercase)
            steps.Add(Lowercase);
        if (charsmap is not null)
            steps.Add(charsmap.Apply);
        steps.Add(CollapseSpaces);
        return [.. steps];
    }

    /// <summary>NFKD, then every mark is removed; so the order of marks never matters.</summary>
    public static List<MappedRune> StripAccents(List<MappedRune> runes)
    {
        var table = DecompositionTable.Compatibility;
        var result = new List<MappedRune>(runes.Count);
        Span<Rune> parts = stackalloc Rune[table.Longest];
        foreach (var mapped in runes)
            foreach (var part in parts[..table.Decompose(mapped.Rune, parts)])
                if (!IsMark(part))
                    result.Add(mapped with { Rune = part });
        return result;
    }

    public static List<MappedRune> Lowercase(List<MappedRune> runes)
    {
        const int dottedI = 0x130, dotAbove = 0x307;
        var result = new List<MappedRune>(runes.Count);
        foreach (var mapped in runes)
        {
            // The only character whose lower case is two; the base library leaves it alone.
            if (mapped.Rune.Value == dottedI)
                result.AddRange([mapped with { Rune = new Rune('i') }, mapped with { Rune = new Rune(dotAbove) }]);
            else
                result.Add(mapped with { Rune = Rune.ToLowerInvariant(mapped.Rune) });
        }

        return result;
    }

    public static List<MappedRune> CollapseSpaces(List<MappedRune> runes)
    {
        var result = new List<MappedRune>(runes.Count);
        foreach (var mapped in runes)
        {
            if (mapped.Rune.Value == ' ' && result.Count > 0 && result[^1].Rune.Value == ' ')
                result[^1] = result[^1] with { End = mapped.End };
            else
                result.Add(mapped);
        }

        return result;
    }

    /// <summary>Replaces a text wherever it stands; the replacement takes the place of its last character, as in the reference.</summary>
    public static NormalizerStep Replace(string old, string replacement)
    {
        Rune[] sought = [.. old.EnumerateRunes()], put = [.. replacement.EnumerateRunes()];
        return runes =>
        {
            var result = new List<MappedRune>(runes.Count);
            for (var index = 0; index < runes.Count;)
            {
                if (!StartsAt(runes, index, sought))
                {
                    result.Add(runes[index++]);
                    continue;
                }

                foreach (var rune in put)
                    result.Add(runes[index + sought.Length - 1] with { Rune = rune });
                index += sought.Length;
            }

            return result;
        };
    }

    private static bool StartsAt(List<MappedRune> runes, int index, Rune[] sought)
    {
        for (var offset = 0; offset < sought.Length; offset++)
            if (index + offset >= runes.Count || runes[index + offset].Rune != sought[offset])
                return false;
        return true;
    }

    private static bool IsMark(Rune rune) => !rune.IsAscii
        && Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark;
}
