namespace FwdLLM.Grains.Interfaces;

/// <summary>
/// Versions of the device protocol. Agent and cluster each speak a range; a device that enrols states its own, and both go on with
/// the newest version in common. Versions differ in what may be sent, never in what a field or method means.
/// </summary>
public static class ProtocolVersion
{
    /// <summary>The newest version this build speaks.</summary>
    public const int Current = 2;

    /// <summary>The oldest version this build still speaks.</summary>
    public const int Oldest = 1;

    /// <summary>The first version in which devices may ask for <see cref="IModelGrain.GetChanges"/>.</summary>
    public const int Changes = 2;

    /// <summary>The newest version that this build and its peer both speak; null when there is none.</summary>
    /// <param name="theirOldest">The peer's oldest; 0 from peers that speak one version only.</param>
    /// <param name="theirNewest">The peer's newest.</param>
    public static int? InCommon(int theirOldest, int theirNewest)
    {
        var newest = Math.Min(theirNewest, Current);
        return newest >= Math.Max(theirOldest == 0 ? theirNewest : theirOldest, Oldest) ? newest : null;
    }

    /// <summary>Why a device cannot enrol, and what to do about it.</summary>
    public static string Mismatch(Enrolment enrolment)
    {
        var oldest = enrolment.OldestProtocol == 0 ? enrolment.Protocol : enrolment.OldestProtocol;
        var remedy = enrolment.Protocol < Oldest
            ? "the agent is too old: install a newer one"
            : oldest > Current ? "the agent is too new: update the cluster first, or install an older agent" : "the agent's range is not one: its oldest version must not be above its newest";
        return $"Agent {(enrolment.Agent.Length == 0 ? "(no version given)" : enrolment.Agent)} speaks device protocols {oldest} to {enrolment.Protocol}, this cluster {Oldest} to {Current}: {remedy}.";
    }
}
