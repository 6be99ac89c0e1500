namespace FwdLLM.Learning.Training;

/// <summary>What a device computed for a <see cref="WorkOrder"/>.</summary>
public sealed record WorkResult
{
    /// <summary>Examples used.</summary>
    public required int Examples { get; init; }

    /// <summary>Forward passes spent, in examples (8 examples are one pass of the published tables); one JVP direction counts as one forward, a backward pass as two.</summary>
    public required long ForwardExamples { get; init; }

    /// <summary>Sum of the examples' cross-entropy losses (natural logarithm).</summary>
    public double LossSum { get; init; }

    /// <summary>Examples classified correctly.</summary>
    public int Correct { get; init; }

    /// <summary>Per probe: g·v (<see cref="WorkKind.Probes"/>) or vᵀGv (<see cref="WorkKind.Curvature"/>). [K]</summary>
    public float[] Scalars { get; init; } = [];

    /// <summary>Packed by <c>PackedVector</c>: feature sums, or the head's gradient; by <c>PackedGradient</c>: the batch's gradient in scaled coordinates [D]. Empty when the work asks for none.</summary>
    public byte[] Vector { get; init; } = [];
}
