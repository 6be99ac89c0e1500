namespace FwdLLM.Learning.Training;

/// <summary>Fixed-point sums over contributions of one round: adds in any order to the same bits.</summary>
public sealed class RoundSums
{
    /// <summary>Adds another group's sums to this one.</summary>
    public void Merge(RoundSums other) => throw new NotImplementedException();

    /// <summary>Portable bytes.</summary>
    public byte[] ToBytes() => throw new NotImplementedException();

    /// <summary>Reads <see cref="ToBytes"/>.</summary>
    public static RoundSums FromBytes(ReadOnlySpan<byte> bytes) => throw new NotImplementedException();
}
