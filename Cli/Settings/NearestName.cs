namespace FwdLLM.Cli.Settings;

/// <summary>Finds what a mistyped name was meant to be.</summary>
public static class NearestName
{
    /// <summary>The candidate fewest edits away, or null when none is close: at most a third of the name's letters, and at least one edit is allowed.</summary>
    public static string? Find(string name, IEnumerable<string> candidates)
    {
        var best = (Name: (string?)null, Distance: Math.Max(1, name.Length / 3) + 1);
        foreach (var candidate in candidates)
            if (Distance(name, candidate) is var distance && distance < best.Distance)
                best = (candidate, distance);
        return best.Name;
    }

    /// <summary>" Did you mean X?", or all candidates when none is close.</summary>
    public static string Suggest(string name, IReadOnlyCollection<string> candidates) =>
        Find(name, candidates) is { } nearest ? $"did you mean {nearest}?" : $"known are {string.Join(", ", candidates)}.";

    /// <summary>Optimal string alignment: insertions, deletions, replacements and swaps of neighbours; '-' equals '_', case is ignored.</summary>
    public static int Distance(string left, string right)
    {
        var (before, last, next) = (new int[right.Length + 1], Enumerable.Range(0, right.Length + 1).ToArray(), new int[right.Length + 1]);
        for (var i = 1; i <= left.Length; i++)
        {
            next[0] = i;
            for (var j = 1; j <= right.Length; j++)
            {
                var replace = last[j - 1] + (Same(left[i - 1], right[j - 1]) ? 0 : 1);
                next[j] = Math.Min(replace, Math.Min(last[j], next[j - 1]) + 1);
                if (i > 1 && j > 1 && Same(left[i - 1], right[j - 2]) && Same(left[i - 2], right[j - 1]))
                    next[j] = Math.Min(next[j], before[j - 2] + 1);
            }

            (before, last, next) = (last, next, before);
        }

        return last[right.Length];
    }

    private static bool Same(char a, char b) => Fold(a) == Fold(b);

    private static char Fold(char c) => c == '_' ? '-' : char.ToLowerInvariant(c);
}
