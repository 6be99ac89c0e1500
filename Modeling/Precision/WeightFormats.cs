namespace FwdLLM.Modeling.Precision;

/// <summary>The formats in which a compiled model can hold the weights of its linear layers.</summary>
public static class WeightFormats
{
    /// <summary>32-bit floats.</summary>
    public const string Float32 = "float32";

    private static readonly IReadOnlyList<WeightFormat> All = [new Float32Format()];

    /// <summary>Their names.</summary>
    public static IReadOnlyList<string> Known { get; } = [.. All.Select(format => format.Name)];

    /// <summary>The format of this name.</summary>
    /// <exception cref="ArgumentException">It is not known.</exception>
    internal static WeightFormat Get(string name) => All.FirstOrDefault(format => format.Name == name)
        ?? throw new ArgumentException($"Weight format '{name}' is not known; use {string.Join(" or ", Known)}.", nameof(name));
}
