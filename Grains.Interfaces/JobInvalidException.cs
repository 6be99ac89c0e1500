namespace FwdLLM.Grains.Interfaces;

/// <summary>A job spec breaks rules. <see cref="Problems"/> has all of them at once.</summary>
[GenerateSerializer, Alias("fl.jobinvalid.v1")]
public sealed class JobInvalidException(string jobId, IReadOnlyList<string> problems)
    : Exception($"Job '{jobId}' cannot start:{string.Concat(problems.Select(p => $"\n- {p}"))}")
{
    /// <summary>Each names the key, its value and the remedy.</summary>
    [Id(0)]
    public IReadOnlyList<string> Problems { get; } = problems;
}
