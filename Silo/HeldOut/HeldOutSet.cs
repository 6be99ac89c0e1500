using FwdLLM.Grains.Interfaces;
using FwdLLM.Inference;
using FwdLLM.Learning.Training;

namespace FwdLLM.Silo;

/// <summary>Held-out examples of one task, tokenised. Thread-safe.</summary>
public abstract class HeldOutSet
{
    /// <summary>What the model reads, in order.</summary>
    public abstract IReadOnlyList<TokenSequence> Sequences { get; }

    /// <summary>Starts judging one version.</summary>
    public abstract HeldOutScore Begin(JobSpec spec, ModelSnapshot model);
}
