namespace FwdLLM.Learning.Training;

/// <summary>What a round asks of its devices. Persisted and sent: values never change.</summary>
public enum WorkKind : byte
{
    /// <summary>Not set; never valid on the wire.</summary>
    None = 0,

    /// <summary>One plain forward over the whole shard: sums of features and their squares. The device keeps the features.</summary>
    FeatureStatistics = 1,

    /// <summary>Exact gradient of the head's loss over the whole shard, from the kept features: no forward pass.</summary>
    HeadGradient = 2,

    /// <summary>Gauss–Newton quadratic forms vᵀGv along directions that live in one block each.</summary>
    Curvature = 3,

    /// <summary>Directional derivatives of the loss along random directions.</summary>
    Probes = 4,

    /// <summary>The gradient of the batch's loss by backpropagation, packed: what a device that can do it answers in a round of <see cref="Probes"/>. Never a round's own kind.</summary>
    ExactGradient = 5,
}
