namespace FwdLLM.Grains.Interfaces;

/// <summary>A job of this id exists with another spec; a spec never changes after it was submitted.</summary>
[GenerateSerializer, Alias("fl.jobconflict.v1")]
public sealed class JobConflictException(string jobId)
    : Exception($"Job '{jobId}' exists with a different spec; submit the spec it was started with to continue it, or choose another id.");
