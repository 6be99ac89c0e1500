using FwdLLM.Grains.Interfaces;

namespace FwdLLM.Grains;

/// <summary>Where a job has its model versions evaluated.</summary>
public interface IEvaluations
{
    /// <summary>Evaluates and reports to the job; completes when done.</summary>
    Task Evaluate(JobSpec spec, ModelHeader model);
}
