using System.Text.Json.Serialization;

namespace FwdLLM.Modeling.Precision;

/// <summary>In which format a model's weights are compiled.</summary>
/// <param name="Format">One of <see cref="WeightFormats.Known"/>.</param>
/// <param name="KeepFloat">Linear layers that stay in float32: targets as in an adapter's specification (every block's), or modules such as <c>encoder.layer.0.output.dense</c>.</param>
public sealed record PrecisionSpec(string Format, IReadOnlyList<string> KeepFloat)
{
    /// <summary>Everything in 32-bit floats.</summary>
    public static PrecisionSpec Float32 { get; } = new(WeightFormats.Float32, []);

    /// <summary>As <see cref="KeepFloat"/>: whichever layers the admission test blames, until it passes.</summary>
    public static readonly IReadOnlyList<string> Auto = ["auto"];

    /// <summary>Whether the layers to keep are still to be found.</summary>
    [JsonIgnore]
    public bool IsAuto => KeepFloat.SequenceEqual(Auto);
}
