namespace FwdLLM.Modeling.Precision;

/// <summary>The formats in which a compiled model can hold the weights of its linear layers.</summary>
public static class WeightFormats
{
    /// <summary>32-bit floats.</summary>
    public const string Float32 = "float32";

    /// <summary>8-bit weights and activations: integer products.</summary>
    public const string Int8 = "int8";

    /// <summary>8-bit weights, products in float32.</summary>
    public const string Int8Weights = "int8-weights";

    /// <summary>4-bit weights, products in float32.</summary>
    public const string Int4 = "int4";

    /// <summary>8-bit weights, activations rounded to 8 bits block by block.</summary>
    public const string Int8WeightsFast = "int8-weights-fast";

    /// <summary>4-bit weights, activations rounded to 8 bits block by block.</summary>
    public const string Int4Fast = "int4-fast";

    // Rounding to 4 bits moves the gradient itself, exactly as it moves the model: what is asked is whether the way still leads down.
    private const double FourBits = 0.9;
    private const double EightBits = 0.98;

    private static readonly IReadOnlyList<WeightFormat> All =
    [
        new Float32Format(),
        new Int8Format(),
        new BlockFormat(Int8Weights, bits: 8, symmetric: true, accuracyLevel: 0, EightBits),
        new BlockFormat(Int4, bits: 4, symmetric: false, accuracyLevel: 0, FourBits),
        new BlockFormat(Int8WeightsFast, bits: 8, symmetric: true, accuracyLevel: 4, EightBits),
        new BlockFormat(Int4Fast, bits: 4, symmetric: false, accuracyLevel: 4, FourBits),
    ];

    /// <summary>Their names.</summary>
    public static IReadOnlyList<string> Known { get; } = [.. All.Select(format => format.Name)];

    /// <summary>Whether products in this format round their input: derivatives then come from tangents (JVP) only, never from finite differences.</summary>
    /// <exception cref="ArgumentException">The name is not known.</exception>
    public static bool QuantizesActivations(string name) => Get(name).QuantizesActivations;

    /// <summary>Least cosine between directional derivatives of this format and of float32 with which a model is admitted.</summary>
    /// <exception cref="ArgumentException">The name is not known.</exception>
    public static double AdmissionThreshold(string name) => Get(name).AdmissionThreshold;

    /// <summary>The format of this name.</summary>
    /// <exception cref="ArgumentException">It is not known.</exception>
    internal static WeightFormat Get(string name) => All.FirstOrDefault(format => format.Name == name)
        ?? throw new ArgumentException($"Weight format '{name}' is not known; use {string.Join(" or ", Known)}.", nameof(name));
}
