using FwdLLM.Cli.Settings;
using FwdLLM.Modeling.Adapters;

namespace FwdLLM.Cli.Profiling;

/// <summary>The adapters that are compared.</summary>
public static class CandidateList
{
    private static readonly string[] Kinds = ["lora-xs:4", "lora-xs:8", "lora-xs:16", "lora:1", "lora:8", "lora-all:8", "ia3", "bitfit", "pfeiffer", "houlsby"];

    /// <summary>Where no list is given: the common kinds and ranks, on all layers and on the upper half.</summary>
    /// <param name="layers">Layers of the model.</param>
    public static IReadOnlyList<AdapterSpec> Default(int layers)
    {
        var all = Kinds.Select(AdapterOption.Parse).ToList();
        return layers < 2 ? all : [.. all, .. all.Select(spec => spec with { FirstLayer = layers / 2 })];
    }

    /// <summary>Reads a list as <c>--candidates</c> takes it: adapters as <c>--adapter</c> takes them, separated by commas.</summary>
    /// <exception cref="InputException">All that is wrong with it.</exception>
    public static IReadOnlyList<AdapterSpec> Parse(string text)
    {
        var specs = new List<AdapterSpec>();
        var errors = new List<string>();
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries))
            try
            {
                specs.Add(AdapterOption.Parse(part));
            }
            catch (InputException e)
            {
                errors.Add($"--candidates: {e.Message}");
            }

        errors.AddRange(specs.GroupBy(AdapterOption.Format).Where(same => same.Count() > 1).Select(same => $"--candidates names {same.Key} {same.Count()} times; name it once."));
        return errors.Count == 0 ? specs : throw new InputException(errors);
    }
}
