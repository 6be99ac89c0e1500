using FwdLLM.DeviceAgent.Work;
using FwdLLM.Inference;
using FwdLLM.Learning;
using FwdLLM.Learning.Tasks;
using FwdLLM.Learning.Training;

namespace FwdLLM.DeviceAgent.Tests.Work;

/// <summary>Whole jobs of every task on the toy model, and their orders one by one.</summary>
public sealed class TaskJobTests
{
    private const int Tokens = 60, Windows = 40, Devices = 4;

    private static readonly AdapterLayout Layout = new([new("a", 0, 5, 0), new("b", 5, 7, 0)]);

    // Told apart by the sum of the features, which the adapter moves.
    private static readonly VocabularyHead Output = new([-1, -1, -1, 1, 1, 1], ToyRuntime.H);

    public static TheoryData<TaskKind> Kinds => [TaskKind.QuestionAnswering, TaskKind.CausalLanguageModel, TaskKind.PromptClassification];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Job_lowers_the_loss(TaskKind task)
    {
        var states = ToyJob.Run(Context(task), Workers(task));
        var last = states[^1];
        Assert.Equal((TrainingStage.Done, 60), (last.Stage, last.ProbeRounds));
        var start = states.First(state => state.ProbeRounds == 0 && state.Stage is TrainingStage.Curvature or TrainingStage.Probes);
        Assert.True(Loss(task, last) < 0.8 * Loss(task, start), $"{Loss(task, start):f4} → {Loss(task, last):f4}");
        // Only question answering fits a head; the others keep the one that they began with.
        if (task == TaskKind.QuestionAnswering)
        {
            Assert.Equal(Loss(task, start), start.HeadOnlyLoss, 0.01);
            Assert.True(start.HeadOnlyLoss < 0.97 * Loss(task, states[0]), $"{Loss(task, states[0])} → {start.HeadOnlyLoss}");
        }
        else
        {
            Assert.Equal(Context(task).StartHead, last.Head);
            Assert.Equal(TrainingStage.Curvature, states[0].Stage);
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Job_gives_the_same_bits_again(TaskKind task)
    {
        var context = Context(task) with { Options = Context(task).Options with { MaxRounds = 4 } };
        Assert.Equal(ToyJob.Run(context, Workers(task))[^1].AdapterSha256(), ToyJob.Run(context, Workers(task))[^1].AdapterSha256());
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Estimators_agree_on_the_same_order(TaskKind task)
    {
        float[] Probe(EstimatorKind estimator, double epsilon)
        {
            var context = Context(task) with { Options = Context(task).Options with { Estimator = estimator, Epsilon = epsilon } };
            return new DeviceWorker(context, Runtime(task), Examples(task, _ => true), Output).Execute(ToyJob.Order(WorkKind.Probes, 6, 8), Snapshot(task), TestContext.Current.CancellationToken).Scalars;
        }

        var exact = Probe(EstimatorKind.Jvp, 1);
        var scale = exact.Max(Math.Abs);
        Assert.All(exact, value => Assert.NotEqual(0, value));
        foreach (var (estimator, epsilon, tolerance) in new[] { (EstimatorKind.Oracle, 1.0, 2e-6), (EstimatorKind.Central, 1e-2, 1e-3), (EstimatorKind.OneSided, 1e-3, 1e-2) })
            Assert.All(exact.Zip(Probe(estimator, epsilon)), pair => Assert.Equal(pair.First, pair.Second, tolerance * scale));
    }

    [Fact]
    public void Prompt_head_that_is_fitted_starts_from_the_words()
    {
        var context = Context(TaskKind.PromptClassification) with { Options = new AlgorithmOptions { HeadFirst = true, MaxRounds = 1, HeadRidge = 0 } };
        var states = ToyJob.Run(context, Workers(TaskKind.PromptClassification, context));
        var fit = states.First(state => state.Stage == TrainingStage.HeadFit);
        Assert.NotEqual(context.StartHead, fit.Head);
        // Standardised features with the head in their terms: the same logits, so the same loss.
        Assert.Equal(Loss(TaskKind.PromptClassification, states[0]), Loss(TaskKind.PromptClassification, fit), 1e-5);
        Assert.True(states[^1].HeadOnlyLoss < Loss(TaskKind.PromptClassification, states[0]));
    }

    [Fact]
    public void Examples_of_another_task_and_a_missing_output_layer_are_named()
    {
        var worker = new DeviceWorker(Context(TaskKind.QuestionAnswering), Runtime(TaskKind.QuestionAnswering), Examples(TaskKind.CausalLanguageModel, _ => true));
        string Message(DeviceWorker of, TaskKind task) => Assert.Throws<ArgumentException>(() => of.Execute(ToyJob.Order(WorkKind.Probes, 1, 0), Snapshot(task), CancellationToken.None)).Message;
        Assert.Contains("takes a SpanTarget", Message(worker, TaskKind.QuestionAnswering), StringComparison.Ordinal);
        var causal = new DeviceWorker(Context(TaskKind.CausalLanguageModel), Runtime(TaskKind.CausalLanguageModel), Examples(TaskKind.CausalLanguageModel, _ => true));
        Assert.Contains("output layer", Message(causal, TaskKind.CausalLanguageModel), StringComparison.Ordinal);
    }

    private static TrainingContext Context(TaskKind task) => new(
        task.Suit(new AlgorithmOptions { BatchSize = 8, ProbesPerDevice = 12, MaxRounds = 60, HeadIterations = 30, LearningRate = 0.3 }), Layout, ToyRuntime.H, task.Outputs(2))
    {
        Task = task,
        StartHead = task == TaskKind.PromptClassification ? [-1, -1, -1, 1, 1, 1, 0, 0] : [],
    };

    private static IModelRuntime Runtime(TaskKind task) => task.HasTokenRows() ? new TokenToyRuntime(Tokens) : new ToyRuntime(Tokens);

    private static DeviceWorker[] Workers(TaskKind task, TrainingContext? context = null) =>
        [.. Enumerable.Range(0, Devices).Select(device => new DeviceWorker(context ?? Context(task), Runtime(task), Examples(task, x => x % Devices == device), Output))];

    private static ModelSnapshot Snapshot(TaskKind task)
    {
        var snapshot = ToyJob.Snapshot();
        return task == TaskKind.CausalLanguageModel ? snapshot with { Head = [] } : snapshot;
    }

    private static double Loss(TaskKind task, ModelState state)
    {
        var snapshot = new Trainer(Context(task)).Snapshot(state);
        var result = new DeviceWorker(Context(task), Runtime(task), Examples(task, _ => true), Output).Execute(ToyJob.Order(WorkKind.Probes, 1, 0), snapshot, TestContext.Current.CancellationToken);
        return result.LossSum / result.Examples;
    }

    private static LocalExamples Examples(TaskKind task, Func<int, bool> mine)
    {
        var numbers = Enumerable.Range(0, task == TaskKind.PromptClassification ? Tokens : Windows).Where(mine).ToArray();
        return task switch
        {
            TaskKind.QuestionAnswering => new LocalExamples([.. numbers.Select(Window)], [.. numbers.Select(Span)]),
            TaskKind.CausalLanguageModel => new LocalExamples([.. numbers.Select(Window)], [.. numbers.Select(Answer)]),
            _ => new LocalExamples([.. numbers.Select(x => new TokenSequence([x]))], [.. numbers.Select(ToyRuntime.Label)]),
        };
    }

    // Five to seven tokens of class 0 and, in every window but each eighth, one of class 1: the answer.
    private static TokenSequence Window(int x)
    {
        var random = new Random(x);
        var plain = Enumerable.Range(0, Tokens).Where(token => ToyRuntime.Label(token) == 0).ToArray();
        var marked = Enumerable.Range(0, Tokens).Where(token => ToyRuntime.Label(token) == 1).ToArray();
        int[] ids = [.. Enumerable.Range(0, 5 + (x % 3)).Select(_ => plain[random.Next(plain.Length)])];
        if (x % 8 != 7)
            ids[1 + random.Next(ids.Length - 1)] = marked[random.Next(marked.Length)];
        return new TokenSequence(ids);
    }

    private static SpanTarget Span(int x)
    {
        var place = Math.Max(0, Array.FindIndex(Window(x).Ids, token => ToyRuntime.Label(token) == 1));
        return new SpanTarget(place, place);
    }

    // What follows a token is its class; the first one is the prompt.
    private static AnswerTarget Answer(int x)
    {
        var ids = Window(x).Ids;
        int[] rows = [.. Enumerable.Range(1, ids.Length - 1)];
        return new AnswerTarget(rows, Array.ConvertAll(rows, row => ToyRuntime.Label(ids[row])));
    }
}
