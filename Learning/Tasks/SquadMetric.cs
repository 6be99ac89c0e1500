using System.Text;

namespace FwdLLM.Learning.Tasks;

/// <summary>
/// Exact match and F1 as the official evaluation script of SQuAD v1.1 computes them (Rajpurkar et al., arXiv 1606.05250, evaluate-v1.1.py), as
/// fractions. Of several right answers the one that fits best counts.
/// </summary>
public static class SquadMetric
{
    // Python's string.punctuation.
    private const string Punctuation = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

    private static readonly string[] Articles = ["a", "an", "the"];

    /// <summary>Lower case, without ASCII punctuation and without articles, words joined by single spaces.</summary>
    public static string Normalise(string text) => string.Join(' ', Words(text));

    /// <summary>1 where the answer is one of the right ones, otherwise 0.</summary>
    /// <exception cref="ArgumentException">There is no right answer.</exception>
    public static double ExactMatch(string answer, IReadOnlyList<string> right) =>
        Best(right, gold => Normalise(answer) == Normalise(gold) ? 1 : 0);

    /// <summary>Harmonic mean of precision and recall over words.</summary>
    /// <exception cref="ArgumentException">There is no right answer.</exception>
    public static double F1(string answer, IReadOnlyList<string> right) => Best(right, gold => F1(Words(answer), Words(gold)));

    private static double Best(IReadOnlyList<string> right, Func<string, double> score)
    {
        ArgumentNullException.ThrowIfNull(right);
        return right.Count > 0 ? right.Max(score) : throw new ArgumentException("There is no right answer; give at least one.", nameof(right));
    }

    private static double F1(List<string> answer, List<string> gold)
    {
        var left = gold.GroupBy(word => word, StringComparer.Ordinal).ToDictionary(group => group.Key, group => group.Count(), StringComparer.Ordinal);
        var common = 0;
        foreach (var word in answer)
            if (left.TryGetValue(word, out var count) && count > 0)
            {
                left[word] = count - 1;
                common++;
            }

        if (common == 0) return 0;
        var (precision, recall) = ((double)common / answer.Count, (double)common / gold.Count);
        return 2 * precision * recall / (precision + recall);
    }

    // The script's order: lower case, punctuation away, articles to spaces, split at white space. An article is a word between characters that are none of a word.
    private static List<string> Words(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var kept = new StringBuilder(text.Length);
        foreach (var character in text.ToLowerInvariant())
            if (!Punctuation.Contains(character))
                kept.Append(character);
        var clean = kept.ToString();
        var words = new List<string>();
        var spaced = new StringBuilder(clean.Length);
        for (var i = 0; i < clean.Length;)
        {
            var end = i;
            while (end < clean.Length && IsWord(clean[end])) end++;
            if (end == i) spaced.Append(clean[i++]);
            else
            {
                spaced.Append(Articles.Contains(clean[i..end]) ? " " : clean[i..end]);
                i = end;
            }
        }

        words.AddRange(spaced.ToString().Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return words;
    }

    private static bool IsWord(char character) => char.IsLetterOrDigit(character) || character == '_';
}
