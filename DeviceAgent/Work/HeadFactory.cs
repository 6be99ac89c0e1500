using FwdLLM.Learning.Heads;
using FwdLLM.Learning.Tasks;
using FwdLLM.Learning.Training;

namespace FwdLLM.DeviceAgent.Work;

/// <summary>Heads over one snapshot's standardisation, on a batch of the job's task.</summary>
/// <param name="context">The job.</param>
/// <param name="snapshot">Standardisation.</param>
/// <param name="output">The model's own output layer; null where the task does not use it.</param>
internal sealed class HeadFactory(TrainingContext context, ModelSnapshot snapshot, VocabularyHead? output)
{
    public TaskEvaluation Evaluate(float[] head, float[] features, WeightedBatch batch) => context.Task switch
    {
        TaskKind.QuestionAnswering => new SpanEvaluation(Create(head), features, batch.Examples.Lengths(), batch.Examples.TargetsAs<SpanTarget>()),
        TaskKind.CausalLanguageModel => new AnswerEvaluation(
            output ?? throw new ArgumentException("The task needs the model's output layer, which the model was compiled without; compile it for this task."),
            features, batch.Examples.Lengths(), batch.Examples.TargetsAs<AnswerTarget>()),
        _ => Classify(head, features, batch),
    };

    public HeadEvaluation Classify(float[] head, float[] features, WeightedBatch batch) => new(Create(head), features, batch);

    private SoftmaxHead Create(float[] head) => new(context.Classes, snapshot.FeatureMean, snapshot.FeatureScale, head);
}
