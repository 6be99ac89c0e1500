using System.Globalization;
using System.Text;

namespace FwdLLM.Modeling.Tokenization;

/// <summary>The character classes of BERT's tokenizer, as the Rust "tokenizers" library draws them.</summary>
internal static class BertCharacters
{
    /// <summary>Characters that vanish: NUL, the replacement character, and control, format and private-use characters. Unassigned ones stay.</summary>
    public static bool IsRemoved(Rune rune) => rune.Value switch
    {
        '\t' or '\n' or '\r' => false,
        0 or 0xFFFD => true,
        _ => Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.PrivateUse,
    };

    /// <summary>Every ASCII symbol counts as punctuation, whatever Unicode calls it.</summary>
    public static bool IsPunctuation(Rune rune)
    {
        if (rune.IsAscii)
            return rune.Value is >= '!' and <= '/' or >= ':' and <= '@' or >= '[' and <= '`' or >= '{' and <= '~';
        return Rune.GetUnicodeCategory(rune) is UnicodeCategory.ConnectorPunctuation or UnicodeCategory.DashPunctuation
            or UnicodeCategory.OpenPunctuation or UnicodeCategory.ClosePunctuation
            or UnicodeCategory.InitialQuotePunctuation or UnicodeCategory.FinalQuotePunctuation or UnicodeCategory.OtherPunctuation;
    }

    /// <summary>Ideographs, each of which is a word. Extension E starts at 2B920 in the library, so here too.</summary>
    public static bool IsIdeograph(Rune rune) => rune.Value is
        >= 0x4E00 and <= 0x9FFF or >= 0x3400 and <= 0x4DBF or >= 0x20000 and <= 0x2A6DF or >= 0x2A700 and <= 0x2B73F
        or >= 0x2B740 and <= 0x2B81F or >= 0x2B920 and <= 0x2CEAF or >= 0xF900 and <= 0xFAFF or >= 0x2F800 and <= 0x2FA1F;

    public static bool IsNonspacingMark(Rune rune) => !rune.IsAscii && Rune.GetUnicodeCategory(rune) == UnicodeCategory.NonSpacingMark;
}
