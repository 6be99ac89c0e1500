using System.Globalization;

namespace FwdLLM.Cli.Settings;

/// <summary>How much of the journal is kept: <c>all</c> or <c>last:N</c>.</summary>
internal static class JournalOption
{
    private const int Most = 1_000_000;

    /// <summary>Rounds; 0 for all.</summary>
    /// <exception cref="InputException">Neither of the two.</exception>
    public static int Parse(string text)
    {
        if (text == "all") return 0;
        return text.StartsWith("last:", StringComparison.Ordinal) && int.TryParse(text.AsSpan(5), NumberStyles.None, CultureInfo.InvariantCulture, out var rounds) && rounds is >= 1 and <= Most
            ? rounds
            : throw new InputException($"\"{text}\" says not how much of the journal is kept; give all, or last:N with N from 1 to {Most}.");
    }
}
