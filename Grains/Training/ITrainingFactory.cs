using FwdLLM.Grains.Interfaces;

namespace FwdLLM.Grains;

/// <summary>Makes the algorithm of a job.</summary>
public interface ITrainingFactory
{
    /// <summary>The algorithm of this (validated) spec.</summary>
    ITraining Create(JobSpec spec);
}
