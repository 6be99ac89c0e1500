namespace FwdLLM.Grains.Interfaces;

/// <summary>Version of the device protocol. A device states its own when it enrols; the cluster answers with what it speaks.</summary>
public static class ProtocolVersion
{
    /// <summary>The version this build speaks.</summary>
    public const int Current = 1;

    /// <summary>The oldest version this build still serves.</summary>
    public const int Oldest = 1;
}
