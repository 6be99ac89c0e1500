using System.Text.Json;
using FwdLLM.Grains.Interfaces;

namespace FwdLLM.Grains;

/// <summary>Equality of job specs by content: records with lists compare those by reference.</summary>
public static class JobSpecIdentity
{
    /// <summary>Equal for equal specs, different otherwise.</summary>
    public static string Of(JobSpec spec) => JsonSerializer.Serialize(spec);
}
