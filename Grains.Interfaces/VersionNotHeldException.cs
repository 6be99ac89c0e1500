namespace FwdLLM.Grains.Interfaces;

/// <summary>A model version was asked for that the cluster no longer (or not yet) holds.</summary>
[GenerateSerializer, Alias("fl.versionnotheld.v1")]
public sealed class VersionNotHeldException(string jobId, long version, long oldest, long current)
    : Exception($"Job '{jobId}' holds model versions {oldest} to {current}, not {version}; check in again for work on a current version.");
