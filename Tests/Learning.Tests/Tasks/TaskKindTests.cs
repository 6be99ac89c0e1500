using FwdLLM.Learning.Tasks;
using FwdLLM.Learning.Tests.Training;
using FwdLLM.Learning.Training;

namespace FwdLLM.Learning.Tests.Tasks;

public sealed class TaskKindTests
{
    public static TheoryData<TaskKind> Kinds => [.. Enum.GetValues<TaskKind>()];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Suited_recipes_start_and_names_lead_back(TaskKind task)
    {
        foreach (var options in new[] { new AlgorithmOptions(), AlgorithmOptions.Reference, new AlgorithmOptions { ImportanceSampling = true, HeadLast = true } })
            Assert.NotNull(new Trainer(new TrainingContext(task.Suit(options), QuadraticFleet.Layout, 3, task.Outputs(4)) { Task = task }).Plan(
                new Trainer(new TrainingContext(task.Suit(options), QuadraticFleet.Layout, 3, task.Outputs(4)) { Task = task }).Initial()));
        Assert.Equal(task, TaskNames.Find(TaskNames.Of(task)));
    }

    [Fact]
    public void Classification_keeps_its_recipe() => Assert.Equal(new AlgorithmOptions(), TaskKind.Classification.Suit(new AlgorithmOptions()));

    [Fact]
    public void Options_that_a_task_does_not_have_are_refused_by_name()
    {
        string Refusal(TaskKind task, AlgorithmOptions options) =>
            Assert.Throws<ArgumentException>(() => new Trainer(new TrainingContext(options, QuadraticFleet.Layout, 3, task.Outputs(2)) { Task = task })).Message;
        Assert.Contains("centredResiduals is on", Refusal(TaskKind.QuestionAnswering, new AlgorithmOptions()), StringComparison.Ordinal);
        Assert.Contains("importanceSampling is on", Refusal(TaskKind.QuestionAnswering, new AlgorithmOptions { CentredResiduals = false, ImportanceSampling = true }), StringComparison.Ordinal);
        Assert.Contains("headFirst is on", Refusal(TaskKind.CausalLanguageModel, new AlgorithmOptions { CentredResiduals = false }), StringComparison.Ordinal);
    }

    [Fact]
    public void First_head_is_kept_and_one_of_another_length_refused()
    {
        var context = new TrainingContext(new AlgorithmOptions { HeadFirst = false }, QuadraticFleet.Layout, 3, 2) { Task = TaskKind.PromptClassification, StartHead = [1, 2, 3, 4, 5, 6, 0, 0] };
        Assert.Equal(context.StartHead, new Trainer(context).Initial().Head);
        Assert.Contains("has 7 numbers", Assert.Throws<ArgumentException>(() => new Trainer(context with { StartHead = new float[7] })).Message, StringComparison.Ordinal);
    }
}
