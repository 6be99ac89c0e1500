namespace FwdLLM.Inference.Admission;

/// <summary>How thoroughly a quantised model is tested before anybody trains on it.</summary>
public sealed record AdmissionOptions
{
    /// <summary>Random directions of θ.</summary>
    /// <value>64.</value>
    public int Directions { get; init; } = 64;

    /// <summary>Directions when the layers to blame are looked for: one model is compiled and run for each layer.</summary>
    /// <value>16.</value>
    public int BlameDirections { get; init; } = 16;

    /// <summary>Texts when the layers to blame are looked for.</summary>
    /// <value>6.</value>
    public int BlameTexts { get; init; } = 6;

    /// <summary>Least cosine to admit; null is the format's own.</summary>
    /// <value>null.</value>
    public double? Threshold { get; init; }

    /// <summary>Seed of θ's start and of the directions.</summary>
    /// <value>1.</value>
    public ulong Seed { get; init; } = 1;

    /// <summary>Threads of one run.</summary>
    /// <value>1.</value>
    public int Threads { get; init; } = 1;
}
