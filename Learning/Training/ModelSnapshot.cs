namespace FwdLLM.Learning.Training;

/// <summary>What a device needs to work on one version: θ, head, feature standardisation, block scales.</summary>
public sealed record ModelSnapshot
{
    /// <summary>Version.</summary>
    public required uint Version { get; init; }

    /// <summary>θ [d] (adapter only).</summary>
    public required float[] Theta { get; init; }

    /// <summary>Head weights on standardised features, row-major [C, H], then biases [C].</summary>
    public required float[] Head { get; init; }

    /// <summary>Mean of each feature [H].</summary>
    public required float[] FeatureMean { get; init; }

    /// <summary>1/standard deviation of each feature [H].</summary>
    public required float[] FeatureScale { get; init; }

    /// <summary>Scale of each adapter block [blocks]: a direction's coordinates are ±1 times this.</summary>
    public required float[] BlockScale { get; init; }

    /// <summary>Last step in θ (and head, when it is part of θ); empty when the sampling does not need it.</summary>
    public float[] LastStep { get; init; } = [];

    /// <summary>Portable bytes.</summary>
    public byte[] ToBytes() => throw new NotImplementedException();

    /// <summary>Reads <see cref="ToBytes"/>.</summary>
    /// <exception cref="InvalidDataException">Not a snapshot, or sizes that do not add up.</exception>
    public static ModelSnapshot FromBytes(ReadOnlySpan<byte> bytes) => throw new NotImplementedException();
}
