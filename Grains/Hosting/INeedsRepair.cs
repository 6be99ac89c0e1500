namespace FwdLLM.Grains;

/// <summary>An exception whose message names what somebody must mend: the same call fails in the same way until then.</summary>
public interface INeedsRepair
{
    /// <summary>Whether <paramref name="failure"/>, perhaps of an activation, was caused by such an exception.</summary>
    static bool IsBehind(Exception failure) => failure is INeedsRepair || (failure.InnerException is { } cause && IsBehind(cause));
}
