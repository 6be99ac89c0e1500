using System.Text;

namespace FwdLLM.Tests.Dataset;

/// <summary>
/// How alike two utterances are on the surface: the Jaccard similarity |A ∩ B| / |A ∪ B| of their word sets and of
/// their character 4-gram sets. Words catch reordering; 4-grams catch typing errors and changed endings.
/// </summary>
internal static class NearDuplicates
{
    /// <summary>Word similarity at which a test utterance counts as a copy of a training one.</summary>
    public const double WordThreshold = 0.8;

    /// <summary>4-gram similarity at which a test utterance counts as a copy of a training one.</summary>
    public const double GramThreshold = 0.7;

    /// <summary>Either similarity at which two training utterances count as copies of each other.</summary>
    public const double TrainingThreshold = 0.9;

    private const int GramLength = 4;

    /// <summary>The letters and digits of a text, lower-cased: equal keys are exact duplicates.</summary>
    public static string Key(string text) => string.Concat(Words(text));

    /// <summary>Word sets and 4-gram sets of one text, computed once for many comparisons.</summary>
    public static Surface Of(string text)
    {
        var words = Words(text);
        var line = string.Join(' ', words);
        var grams = new HashSet<string>();
        // A text shorter than one 4-gram is its own only gram, so that short texts still compare.
        for (var start = 0; start <= Math.Max(0, line.Length - GramLength); start++)
            grams.Add(line.Substring(start, Math.Min(GramLength, line.Length - start)));
        return new Surface(text, words.ToHashSet(), grams);
    }

    /// <summary>Every pair at or above one of the two thresholds, as one printable line each.</summary>
    public static IReadOnlyList<string> Find(
        IReadOnlyList<Surface> candidates, IReadOnlyList<Surface> references, double wordThreshold, double gramThreshold)
    {
        var found = new List<string>();
        foreach (var candidate in candidates)
            foreach (var reference in references)
                if (!ReferenceEquals(candidate, reference)
                    && (Reaches(candidate.Words, reference.Words, wordThreshold) || Reaches(candidate.Grams, reference.Grams, gramThreshold)))
                    found.Add($"'{candidate.Text}' ~ '{reference.Text}'");
        return found;
    }

    /// <summary>|A ∩ B| / |A ∪ B|; two empty sets are equal, hence 1.</summary>
    public static double Jaccard(IReadOnlySet<string> left, IReadOnlySet<string> right)
    {
        var shared = left.Count(right.Contains);
        var union = left.Count + right.Count - shared;
        return union == 0 ? 1 : (double)shared / union;
    }

    // |A ∩ B| / |A ∪ B| ≤ min(|A|, |B|) / max(|A|, |B|): most pairs are settled by their sizes alone.
    private static bool Reaches(IReadOnlySet<string> left, IReadOnlySet<string> right, double threshold) =>
        Math.Min(left.Count, right.Count) >= threshold * Math.Max(left.Count, right.Count) && Jaccard(left, right) >= threshold;

    private static List<string> Words(string text)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        foreach (var character in text.ToLowerInvariant())
        {
            if (char.IsLetterOrDigit(character))
                word.Append(character);
            else if (word.Length > 0)
            {
                words.Add(word.ToString());
                word.Clear();
            }
        }
        if (word.Length > 0)
            words.Add(word.ToString());
        return words;
    }

    /// <summary>A text with its word set and its 4-gram set.</summary>
    internal sealed record Surface(string Text, IReadOnlySet<string> Words, IReadOnlySet<string> Grams);
}
