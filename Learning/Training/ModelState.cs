namespace FwdLLM.Learning.Training;

/// <summary>Everything the server knows about a model between two rounds. Immutable; a step makes a new one.</summary>
public sealed record ModelState
{
    /// <summary>Version: the number of rounds applied; also the next round's number.</summary>
    public required uint Version { get; init; }

    /// <summary>Forward passes spent so far, in examples.</summary>
    public long ForwardExamples { get; init; }

    /// <summary>θ [d].</summary>
    public required float[] Theta { get; init; }

    /// <summary>What the last step reports: short name → value.</summary>
    public IReadOnlyDictionary<string, double> Report { get; init; } = new Dictionary<string, double>();

    /// <summary>SHA-256 (hex) of θ and head as little-endian float32.</summary>
    public string AdapterSha256() => throw new NotImplementedException();

    /// <summary>Portable, versioned bytes: same state, same bytes.</summary>
    public byte[] ToBytes() => throw new NotImplementedException();

    /// <summary>Reads <see cref="ToBytes"/>.</summary>
    /// <exception cref="InvalidDataException">Not a state, an unknown version, or damaged.</exception>
    public static ModelState FromBytes(ReadOnlySpan<byte> bytes) => throw new NotImplementedException();
}
