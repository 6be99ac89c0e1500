using FwdLLM.Grains.Interfaces;

namespace FwdLLM.Grains;

/// <summary>Stored state of <see cref="ModelGrain"/>: one record, so that a version and its journal position change together.</summary>
[GenerateSerializer, Alias("fl.state.model")]
public sealed class ModelGrainState
{
    /// <summary>Newest format this build reads.</summary>
    public const int Known = 1;

    [Id(0)] public int Format { get; set; } = Known;

    /// <summary>The job; null before <see cref="IModelGrain.Initialise"/>.</summary>
    [Id(1)] public JobSpec? Spec { get; set; }

    /// <summary>Bytes of <c>FwdLLM.Learning.Training.ModelState</c>.</summary>
    [Id(2)] public byte[] Model { get; set; } = [];

    /// <summary>SHA-256 chain (hex) over the journal up to this version.</summary>
    [Id(3)] public string JournalHash { get; set; } = JournalChain.Start;

    /// <summary>Journal entries before this round are removed. An older build drops the field; then they are removed again, to no effect.</summary>
    [Id(4)] public long JournalFirst { get; set; }
}
