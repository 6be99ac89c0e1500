using System.Security.Cryptography;

namespace FwdLLM.Learning.Training;

/// <summary>Everything the server knows about a model between two rounds. A step makes a new one; nobody writes to its arrays.</summary>
public sealed record ModelState
{
    /// <summary>Version: the number of rounds applied; also the next round's number.</summary>
    public required uint Version { get; init; }

    /// <summary>Stage.</summary>
    public required TrainingStage Stage { get; init; }

    /// <summary>Forward passes spent so far, in examples.</summary>
    public long ForwardExamples { get; init; }

    /// <summary>Private examples of all devices, from the last pass over the data; 0 before.</summary>
    public long TotalExamples { get; init; }

    /// <summary>Probe rounds applied.</summary>
    public int ProbeRounds { get; init; }

    /// <summary>θ [d].</summary>
    public required float[] Theta { get; init; }

    /// <summary>Head on standardised features: weights [C, H], then biases [C].</summary>
    public required float[] Head { get; init; }

    /// <summary>Mean of each feature [H].</summary>
    public required float[] FeatureMean { get; init; }

    /// <summary>1/standard deviation of each feature [H].</summary>
    public required float[] FeatureScale { get; init; }

    /// <summary>Scale of each adapter block [blocks].</summary>
    public required float[] BlockScale { get; init; }

    /// <summary>First moment of the optimiser, in scaled coordinates; empty before the first step.</summary>
    public double[] FirstMoment { get; init; } = [];

    /// <summary>Second moment (Adam), in scaled coordinates; empty otherwise.</summary>
    public double[] SecondMoment { get; init; } = [];

    /// <summary>Last step in scaled coordinates; empty when no sampling uses it.</summary>
    public float[] LastStep { get; init; } = [];

    /// <summary>State of the running head fit, from <c>LbfgsState.Write</c>; empty outside a fit.</summary>
    public byte[] HeadFit { get; init; } = [];

    /// <summary>Gradient evaluations of the running head fit.</summary>
    public int HeadEvaluations { get; init; }

    /// <summary>Penalised loss at the first head fit's end: the last one must not be worse.</summary>
    public double HeadOnlyLoss { get; init; } = double.NaN;

    /// <summary>The head as the first fit left it; empty before.</summary>
    public float[] HeadOnlyHead { get; init; } = [];

    /// <summary>Probe scalars are summed in units of 2^−exponent.</summary>
    public int ScalarExponent { get; init; } = 14;

    /// <summary>Running mean of the split-half agreement; NaN before the first reading.</summary>
    public double Agreement { get; init; } = double.NaN;

    /// <summary>Contributions to probe rounds so far.</summary>
    public long ProbeWorks { get; init; }

    /// <summary>Of these, exact gradients.</summary>
    public long ExactWorks { get; init; }

    /// <summary>Noise of what the optimiser steps along, in squared norm, as a part of what it would be with probes alone; see <see cref="Estimation.MixedEstimate.NoiseRatio"/>.</summary>
    public double NoiseRatio { get; init; } = 1;

    /// <summary>What the last step reports: short name → value, in ordinal order of the names.</summary>
    public IReadOnlyDictionary<string, double> Report { get; init; } = new SortedDictionary<string, double>(StringComparer.Ordinal);

    /// <summary>SHA-256 (hex) of θ and head as little-endian float32.</summary>
    public string AdapterSha256()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Binary.Bytes(Theta));
        hash.AppendData(Binary.Bytes(Head));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>Portable, versioned bytes: same state, same bytes.</summary>
    public byte[] ToBytes() => ModelStateFormat.Write(this);

    /// <summary>Reads <see cref="ToBytes"/>.</summary>
    /// <exception cref="InvalidDataException">Not a state, an unknown version, or damaged.</exception>
    public static ModelState FromBytes(ReadOnlySpan<byte> bytes) => ModelStateFormat.Read(bytes);
}
