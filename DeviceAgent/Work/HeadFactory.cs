using FwdLLM.Learning.Heads;
using FwdLLM.Learning.Training;

namespace FwdLLM.DeviceAgent.Work;

/// <summary>Heads over one snapshot's standardisation.</summary>
internal sealed class HeadFactory(TrainingContext context, ModelSnapshot snapshot)
{
    public SoftmaxHead Create(float[] head) => new(context.Classes, snapshot.FeatureMean, snapshot.FeatureScale, head);
}
