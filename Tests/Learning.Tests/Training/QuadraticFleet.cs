using FwdLLM.Learning.Estimation;
using FwdLLM.Learning.Random;
using FwdLLM.Learning.Training;

namespace FwdLLM.Learning.Tests.Training;

/// <summary>
/// Devices without data: the loss is 1 + ½Σ cᵢ(θᵢ − 1)² + ½‖h − ½‖² with curvature c of the block, so that every answer of a device is known in
/// closed form. A sign of −1 makes the devices lie about the adapter's slope.
/// </summary>
internal sealed class QuadraticFleet(Trainer trainer, int devices, int examples = 32, double sign = 1)
{
    public static readonly AdapterLayout Layout = new([new("a", 0, 40, 0), new("b", 40, 24, 0)]);

    private static readonly double[] Curvatures = [1, 0.04];

    /// <summary>Slots that give exact gradients.</summary>
    public Func<uint, bool> Exact { get; init; } = _ => false;

    public static TrainingContext Context(AlgorithmOptions options) => new(options, Layout, 3, 2);

    /// <summary>Small numbers, no gate: one wave a round.</summary>
    public static AlgorithmOptions Options => new()
    {
        HeadLast = true,
        CohortSize = 4,
        BatchSize = 8,
        ProbesPerDevice = 6,
        CurvatureProbes = 2,
        HeadIterations = 12,
        MaxRounds = 5,
        Gate = GateKind.None,
    };

    public static double Loss(ModelState state)
    {
        var loss = 1.0;
        for (var i = 0; i < state.Theta.Length; i++) loss += 0.5 * Curvature(i) * Square(state.Theta[i] - 1);
        return loss + state.Head.Sum(value => 0.5 * Square(value - 0.5));
    }

    /// <summary>∂loss/∂(θ, and h where probes train it) in scaled coordinates.</summary>
    public static double[] Gradient(TrainingContext context, ModelState state)
    {
        var gradient = new double[context.ProbedDimension];
        for (var i = 0; i < gradient.Length; i++)
            gradient[i] = i < state.Theta.Length
                ? state.BlockScale[i < 40 ? 0 : 1] * Curvature(i) * (state.Theta[i] - 1)
                : state.Head[i - state.Theta.Length] - 0.5;
        return gradient;
    }

    public CompletedWork[] Answer(ModelState state, RoundPlan plan, uint wave = 0)
        => [.. Enumerable.Range(0, plan.CohortSize == 0 ? devices : Math.Min(devices, plan.CohortSize)).Select(slot => Answer(state, plan, (uint)slot, wave))];

    private CompletedWork Answer(ModelState state, RoundPlan plan, uint slot, uint wave)
    {
        var exact = plan.Kind == WorkKind.Probes && Exact(slot);
        var order = new WorkOrder
        {
            Kind = exact ? WorkKind.ExactGradient : plan.Kind,
            Round = plan.Round,
            Slot = slot,
            Wave = wave,
            FirstProbe = exact ? 0 : wave * (uint)plan.ProbesPerDevice,
            ProbeCount = exact ? 0 : plan.ProbesPerDevice,
            BatchSize = plan.BatchSize,
        };
        var n = plan.BatchSize == 0 ? examples : Math.Min(examples, plan.BatchSize);
        var result = new WorkResult { Examples = n, ForwardExamples = n, LossSum = n * Loss(state), Correct = n / 2 };
        return new CompletedWork(order, order.Kind switch
        {
            WorkKind.FeatureStatistics => result with { LossSum = 0, Vector = PackedVector.Pack([n, 0, -n, 2.0 * n, n, 5.0 * n]) },
            WorkKind.HeadGradient => result with { ForwardExamples = 0, Vector = PackedVector.Pack([.. state.Head.Select(value => n * (value - 0.5))]) },
            WorkKind.Curvature => result with { ForwardExamples = n * (order.ProbeCount + 1), Scalars = Forms(order) },
            WorkKind.ExactGradient => result with { ForwardExamples = ForwardCost.ExactGradient(n), Vector = Packed(state, order) },
            _ => result with { ForwardExamples = ForwardCost.Probes(trainer.Context.Options.Estimator, n, order.ProbeCount, fixedResiduals: true), Scalars = Slopes(state, order) },
        });
    }

    /// <summary>One round from plan to next version.</summary>
    public ModelState Round(ModelState state)
    {
        var plan = trainer.Plan(state)!;
        var sums = trainer.Reduce(state, plan, Answer(state, plan));
        for (var wave = 1u; wave < plan.MaxWaves && !trainer.Gate(state, plan, sums).Pass; wave++) sums.Merge(trainer.Reduce(state, plan, Answer(state, plan, wave)));
        return trainer.Step(state, plan, sums);
    }

    /// <summary>A whole job: every state from version 0 to the last.</summary>
    public List<ModelState> Run()
    {
        var states = new List<ModelState> { trainer.Initial() };
        while (trainer.Plan(states[^1]) is not null && states.Count < 2000) states.Add(Round(states[^1]));
        return states;
    }

    private byte[] Packed(ModelState state, WorkOrder order) => PackedGradient.Pack(
        Gradient(trainer.Context, state), trainer.Context.ProbedBlocks, new CounterRandom(trainer.Context.Key("gradient-rounding"), new DirectionAddress(order.Round, order.Slot, order.Wave)));

    private float[] Forms(WorkOrder order)
    {
        var source = new DirectionSource(trainer.Context, [], order);
        var v = new float[trainer.Context.ProbedDimension];
        var forms = new float[order.ProbeCount];
        for (var k = 0; k < forms.Length; k++)
        {
            source.Fill(k, v);
            for (var i = 0; i < Layout.Dimension; i++) forms[k] += (float)(Curvature(i) * v[i] * v[i]);
        }

        return forms;
    }

    private float[] Slopes(ModelState state, WorkOrder order)
    {
        var gradient = Gradient(trainer.Context, state);
        var source = new DirectionSource(trainer.Context, state.LastStep, order);
        var v = new float[gradient.Length];
        var slopes = new float[order.ProbeCount];
        for (var k = 0; k < slopes.Length; k++)
        {
            source.Fill(k, v);
            slopes[k] = (float)(sign * gradient.Select((g, i) => g * v[i]).Sum());
        }

        return slopes;
    }

    private static double Curvature(int i) => Curvatures[i < 40 ? 0 : 1];

    private static double Square(double x) => x * x;
}
