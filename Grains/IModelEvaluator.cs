using FwdLLM.Grains.Interfaces;

namespace FwdLLM.Grains;

/// <summary>Evaluates a model version on examples the server holds. Optional: a silo without held-out examples registers none.</summary>
public interface IModelEvaluator
{
    /// <summary>The task's figures, mean loss, and the number of examples. Does its CPU work off the caller's scheduler.</summary>
    /// <param name="spec">The job.</param>
    /// <param name="snapshot">Bytes of <c>FwdLLM.Learning.Training.ModelSnapshot</c>.</param>
    /// <param name="cancellation">Stops between blocks of examples.</param>
    Task<EvaluationResult> EvaluateAsync(JobSpec spec, byte[] snapshot, CancellationToken cancellation);
}
