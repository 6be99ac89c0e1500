using FwdLLM.DeviceAgent.Work;
using FwdLLM.Learning;
using FwdLLM.Learning.Training;

namespace FwdLLM.DeviceAgent.Tests.Work;

/// <summary>Trainer and workers over the toy model, and a snapshot in the middle of nowhere for single orders.</summary>
internal static class ToyJob
{
    private static readonly AdapterLayout Layout = new([new("a", 0, 5, 0), new("b", 5, 7, 0)]);

    public static TrainingContext Context(AlgorithmOptions options) => new(options, Layout, ToyRuntime.H, ToyRuntime.C);

    public static WorkOrder Order(WorkKind kind, int probes, int batchSize, uint round = 2, uint slot = 1)
        => new() { Kind = kind, Round = round, Slot = slot, ProbeCount = probes, BatchSize = batchSize };

    public static DeviceWorker Worker(TrainingContext context, ToyRuntime runtime, int texts, Func<int, bool>? mine = null)
    {
        var numbers = Enumerable.Range(0, texts).Where(mine ?? (_ => true)).ToArray();
        return new DeviceWorker(context, runtime, new LocalExamples([.. numbers.Select(x => ToyRuntime.Texts(texts)[x])], [.. numbers.Select(ToyRuntime.Label)]));
    }

    public static ModelSnapshot Snapshot(int seed = 5)
    {
        var random = new Random(seed);
        float[] Draw(int count, float bound) => [.. Enumerable.Range(0, count).Select(_ => ((random.NextSingle() * 2) - 1) * bound)];
        return new ModelSnapshot
        {
            Version = 2,
            Theta = Draw(ToyRuntime.D, 0.2f),
            Head = Draw((ToyRuntime.C * ToyRuntime.H) + ToyRuntime.C, 1),
            FeatureMean = Draw(ToyRuntime.H, 0.3f),
            FeatureScale = [1.5f, 0.7f, 1.1f],
            BlockScale = [0.5f, 1.6f],
        };
    }

    /// <summary>A whole job over devices that share the texts in turn: every state from version 0 to the last.</summary>
    public static List<ModelState> Run(AlgorithmOptions options, int devices, int texts, Func<int, int>? owner = null, Func<uint, bool>? exact = null)
    {
        var context = Context(options);
        var runtime = new ToyRuntime(texts);
        return Run(context, [.. Enumerable.Range(0, devices).Select(device => Worker(context, runtime, texts, x => (owner?.Invoke(x) ?? x % devices) == device))], exact);
    }

    /// <summary>A whole job of any task over some devices: every state from version 0 to the last.</summary>
    public static List<ModelState> Run(TrainingContext context, DeviceWorker[] workers, Func<uint, bool>? exact = null)
    {
        var trainer = new Trainer(context);
        var states = new List<ModelState> { trainer.Initial() };
        while (trainer.Plan(states[^1]) is { } plan)
        {
            var (state, sums, wave) = (states[^1], new RoundSums(), 0u);
            do
            {
                foreach (var (worker, slot) in workers.Take(plan.CohortSize == 0 ? workers.Length : plan.CohortSize).Select((worker, slot) => (worker, (uint)slot)))
                {
                    var order = new WorkOrder { Kind = plan.Kind, Round = plan.Round, Slot = slot, Wave = wave, FirstProbe = wave * (uint)plan.ProbesPerDevice, ProbeCount = plan.ProbesPerDevice, BatchSize = plan.BatchSize };
                    if (plan.Kind == WorkKind.Probes && exact?.Invoke(slot) == true) order = order with { Kind = WorkKind.ExactGradient, FirstProbe = 0, ProbeCount = 0 };
                    var result = worker.Execute(order, trainer.Snapshot(state), TestContext.Current.CancellationToken);
                    Assert.Null(trainer.Refuse(order, result));
                    sums.Merge(trainer.Reduce(state, plan, [new CompletedWork(order, result)]));
                }
            }
            while (++wave < plan.MaxWaves && !trainer.Gate(state, plan, sums).Pass);
            states.Add(trainer.Step(state, plan, sums));
        }

        return states;
    }

    /// <summary>Mean loss over all texts under a state.</summary>
    public static double Loss(ModelState state, int texts)
    {
        var head = new Learning.Heads.SoftmaxHead(ToyRuntime.C, state.FeatureMean, state.FeatureScale, state.Head);
        var logits = head.Logits(new ToyRuntime(texts).Features(ToyRuntime.Texts(texts), state.Theta));
        return Learning.Heads.SoftmaxLoss.Losses(logits, [.. Enumerable.Range(0, texts).Select(ToyRuntime.Label)], ToyRuntime.C).Average();
    }
}
