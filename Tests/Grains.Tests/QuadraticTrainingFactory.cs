using FwdLLM.Grains;
using FwdLLM.Grains.Interfaces;
using FwdLLM.Learning.Training;

namespace FwdLLM.Tests.Grains;

internal sealed class QuadraticTrainingFactory : ITrainingFactory
{
    public ITraining Create(JobSpec spec) => new QuadraticTraining(AlgorithmOptions.FromJson(spec.Algorithm));
}
