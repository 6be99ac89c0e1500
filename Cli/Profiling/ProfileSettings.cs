using FwdLLM.Cli.Settings;
using FwdLLM.Modeling.Adapters;

namespace FwdLLM.Cli.Profiling;

/// <summary>A profile, validated as far as it can be without reading the model and the data.</summary>
/// <param name="Run">Model, data (its training rows), recipe, threads and format of the job that is to come.</param>
/// <param name="Candidates">Adapters; null for <see cref="CandidateList.Default"/>.</param>
/// <param name="Examples">Most examples to take gradients of.</param>
/// <param name="Fragment">Job file to write the choice to, absolute; null for none.</param>
public sealed record ProfileSettings(RunSettings Run, IReadOnlyList<AdapterSpec>? Candidates, int Examples, string? Fragment)
{
    /// <summary>Examples where nothing is said.</summary>
    public const int DefaultExamples = 2048;
}
