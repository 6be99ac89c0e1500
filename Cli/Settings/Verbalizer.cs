namespace FwdLLM.Cli.Settings;

/// <summary>The word that stands for a label in a prompt.</summary>
/// <param name="Label">The label, as the data has it.</param>
/// <param name="Word">The word that a model writes for it.</param>
public sealed record Verbalizer(string Label, string Word)
{
    /// <summary>Reads <c>label=word,…</c>.</summary>
    /// <exception cref="InputException">Not of this form, or a label twice.</exception>
    public static IReadOnlyList<Verbalizer> Parse(string text)
    {
        var read = text.Split(',').Select(part => part.Split('=', 2)).ToArray();
        if (read.FirstOrDefault(part => part.Length != 2 || string.IsNullOrWhiteSpace(part[0]) || string.IsNullOrWhiteSpace(part[1])) is { } wrong)
            throw new InputException($"\"{string.Join('=', wrong)}\" is not label=word; write for example positive=good,negative=bad.");
        var verbalizers = read.Select(part => new Verbalizer(part[0].Trim(), part[1].Trim())).OrderBy(entry => entry.Label, StringComparer.Ordinal).ToArray();
        return verbalizers.GroupBy(entry => entry.Label, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1) is { } twice
            ? throw new InputException($"the label \"{twice.Key}\" stands twice; give one word for each.")
            : verbalizers;
    }
}
