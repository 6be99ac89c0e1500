using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace FwdLLM.Modeling.Tokenization;

/// <summary>
/// Cuts code points into words by patterns, each applied to the words of the one before; what lies between matches is a word too.
/// The patterns tell only letters, numbers, white space and ASCII characters apart, while .NET's engine sees UTF-16 code units:
/// so code points beyond U+FFFF are shown to it as one character of their class.
/// </summary>
internal static class WordSplitter
{
    private const char SomeLetter = '\u4E00', SomeNumber = '\u00B2', SomeOther = '\u00A4';

    /// <summary>The words of code points [start, end) in order.</summary>
    public static IEnumerable<Range> Split(IReadOnlyList<MappedRune> runes, Regex[] patterns)
    {
        var classes = new char[runes.Count];
        for (var index = 0; index < classes.Length; index++)
            classes[index] = Class(runes[index].Rune);
        return Split(classes, 0, classes.Length, patterns, 0);
    }

    private static IEnumerable<Range> Split(char[] classes, int start, int end, Regex[] patterns, int depth)
    {
        if (depth == patterns.Length)
        {
            yield return start..end;
            yield break;
        }

        for (var position = start; position < end;)
        {
            // A slice, because a pattern must not look beyond its word.
            var (from, to) = Next(classes.AsSpan(position, end - position), patterns[depth]);
            if (from > 0)
                foreach (var word in Split(classes, position, position + from, patterns, depth + 1))
                    yield return word;
            if (to > from)
                foreach (var word in Split(classes, position + from, position + to, patterns, depth + 1))
                    yield return word;
            position += to;
        }
    }

    /// <summary>The next match; where there is none, all the rest counts as lying before it.</summary>
    private static (int From, int To) Next(ReadOnlySpan<char> classes, Regex pattern)
    {
        foreach (var match in pattern.EnumerateMatches(classes))
            return (match.Index, match.Index + match.Length);
        return (classes.Length, classes.Length);
    }

    private static char Class(Rune rune)
    {
        if (rune.IsBmp)
            return (char)rune.Value;
        return Rune.GetUnicodeCategory(rune) switch
        {
            UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter
                or UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter => SomeLetter,
            UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => SomeNumber,
            _ => SomeOther,
        };
    }
}
