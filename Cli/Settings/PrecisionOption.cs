using FwdLLM.Modeling.Precision;

namespace FwdLLM.Cli.Settings;

/// <summary>Reads and writes <c>--precision</c> and <c>--keep-float</c>.</summary>
public static class PrecisionOption
{
    private const string Float = "fp32";

    private static readonly string[] Names = [.. WeightFormats.Known.Select(Name)];

    /// <summary>Both options; null stands for one that is not given.</summary>
    /// <exception cref="InputException">An unknown precision, or layers to keep that say nothing.</exception>
    public static PrecisionSpec Parse(string? precision, string? keepFloat)
    {
        var name = precision ?? Float;
        if (!Names.Contains(name))
            throw new InputException($"--precision is \"{name}\"; {(NearestName.Find(name, Names) is { } near ? $"did you mean {near}? G" : "g")}ive {string.Join(", ", Names)}.");
        if (keepFloat is null)
            return new PrecisionSpec(name == Float ? WeightFormats.Float32 : name, []);
        if (name == Float)
            throw new InputException($"--keep-float is \"{keepFloat}\" but the precision is {Float}, in which everything is kept; give --precision too, or leave it out.");
        var layers = keepFloat.Split(',', StringSplitOptions.TrimEntries);
        if (layers.Any(string.IsNullOrEmpty))
            throw new InputException($"--keep-float is \"{keepFloat}\"; give layers with commas between, for example output,query, or auto.");
        return new PrecisionSpec(name, layers);
    }

    /// <summary>What <see cref="Parse"/> reads, as one text: the precision and after a plus sign what is kept.</summary>
    public static string Format(PrecisionSpec spec) => Name(spec.Format) + (spec.KeepFloat.Count == 0 ? "" : "+" + string.Join(',', spec.KeepFloat));

    private static string Name(string format) => format == WeightFormats.Float32 ? Float : format;
}
