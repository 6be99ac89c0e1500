using System.Text;

namespace FwdLLM.Modeling.Tokenization;

/// <summary>A code point with the range of the original text, in UTF-16 code units, that it came from.</summary>
internal readonly record struct MappedRune(Rune Rune, int Start, int End);

/// <summary>Texts as code points that remember where they came from, whatever normalisation made of them.</summary>
internal static class MappedText
{
    /// <summary>[start, end) of the text; a lone surrogate becomes the replacement character.</summary>
    public static List<MappedRune> Read(string text, int start, int end)
    {
        var runes = new List<MappedRune>(end - start);
        for (var position = start; position < end;)
        {
            Rune.DecodeFromUtf16(text.AsSpan(position, end - position), out var rune, out var units);
            runes.Add(new MappedRune(rune, position, position + units));
            position += units;
        }

        return runes;
    }

    /// <summary>The UTF-16 code units, and for each the index of its code point.</summary>
    public static (char[] Units, int[] Indices) ToUnits(IReadOnlyList<MappedRune> runes)
    {
        var length = runes.Sum(rune => rune.Rune.Utf16SequenceLength);
        var (units, indices) = (new char[length], new int[length]);
        for (int index = 0, unit = 0; index < runes.Count; index++)
        {
            var written = runes[index].Rune.EncodeToUtf16(units.AsSpan(unit));
            indices.AsSpan(unit, written).Fill(index);
            unit += written;
        }

        return (units, indices);
    }
}
