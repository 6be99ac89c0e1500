namespace FwdLLM.Grains;

/// <summary>Stored state is of a format this build does not read. The grain does not activate, so the state is not overwritten.</summary>
[GenerateSerializer, Alias("fl.stateformat.v1")]
public sealed class StateFormatException(string key, int format, int known)
    : Exception($"State of '{key}' has format {format}; this build reads formats up to {known}. Run the build that wrote it, or a newer one."), INeedsRepair
{
    /// <summary>Throws unless <paramref name="format"/> is known.</summary>
    public static void ThrowIfUnknown(GrainId grain, int format, int known)
    {
        if (format < 1 || format > known) throw new StateFormatException(grain.ToString(), format, known);
    }
}
