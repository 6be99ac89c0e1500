namespace FwdLLM.Learning.Training;

/// <summary>One accepted contribution: the order and the result that answers it.</summary>
/// <param name="Order">What was asked.</param>
/// <param name="Result">What came back.</param>
public sealed record CompletedWork(WorkOrder Order, WorkResult Result);

/// <summary>Gate's decision after a wave.</summary>
/// <param name="Pass">The round may close.</param>
/// <param name="Reading">The reading; NaN when the work has no gate.</param>
/// <param name="Threshold">What it is held against; NaN when the work has no gate.</param>
public sealed record GateDecision(bool Pass, double Reading, double Threshold);

/// <summary>
/// The server's side of the algorithm as pure functions: state → plan, (state, contributions) → sums, (state, sums) → state.
/// No clock, no I/O: equal arguments give equal bits. Grains, benchmarks and replay all call exactly this.
/// </summary>
public sealed class Trainer
{
    private readonly PassBudget _budget;
    private readonly WorkCheck _check;

    /// <summary>Creates the trainer of one job.</summary>
    /// <exception cref="ArgumentException">An option is out of range or not one of the task, or a size is not positive.</exception>
    public Trainer(TrainingContext context)
    {
        context.Options.Validate();
        if (context.Problems().FirstOrDefault() is { } problem) throw new ArgumentException(problem, nameof(context));
        Context = context;
        _budget = new PassBudget(context.Options);
        _check = new WorkCheck(context);
    }

    /// <summary>The job's constants.</summary>
    public TrainingContext Context { get; }

    /// <summary>Version 0.</summary>
    public ModelState Initial() => new()
    {
        Version = 0,
        Stage = Context.Options.HeadFirst ? TrainingStage.Statistics
            : Context.Options.BlockScaling ? TrainingStage.Curvature
            : TrainingStage.Probes,
        Theta = InitialParameters.Adapter(Context),
        Head = InitialParameters.Head(Context),
        FeatureMean = new float[Context.FeatureSize],
        FeatureScale = Filled(Context.FeatureSize),
        BlockScale = Filled(Context.Layout.Blocks.Count),
    };

    /// <summary>What the next round asks; null when training is complete.</summary>
    public RoundPlan? Plan(ModelState state)
    {
        var options = Context.Options;
        return state.Stage switch
        {
            TrainingStage.Statistics => Whole(state, WorkKind.FeatureStatistics, "features"),
            TrainingStage.HeadFit => Whole(state, WorkKind.HeadGradient, "head fit"),
            TrainingStage.Curvature when _budget.RoundsLeft(state) > 0 => Whole(state, WorkKind.Curvature, "curvature") with { BatchSize = options.BatchSize, ProbesPerDevice = options.CurvatureProbes },
            TrainingStage.Probes when _budget.RoundsLeft(state) > 0 => new RoundPlan
            {
                Round = state.Version,
                Kind = WorkKind.Probes,
                Phase = "training",
                CohortSize = options.CohortSize,
                BatchSize = options.BatchSize,
                ProbesPerDevice = options.ProbesPerDevice,
                MaxWaves = options.Gate == GateKind.None ? 1 : options.MaxWaves,
            },
            TrainingStage.LastStatistics => Whole(state, WorkKind.FeatureStatistics, "features"),
            TrainingStage.LastHeadFit => Whole(state, WorkKind.HeadGradient, "head refit"),
            _ => null,
        };
    }

    /// <summary>Probe rounds still to come if each takes one wave; −1 before the first head fit has counted the data.</summary>
    public int RoundsLeft(ModelState state) => state.Stage switch
    {
        TrainingStage.Statistics or TrainingStage.HeadFit or TrainingStage.Curvature => -1,
        TrainingStage.Probes => _budget.RoundsLeft(state),
        _ => 0,
    };

    /// <summary>Null when the result is a possible answer to the order; otherwise the reason it is refused, with the value and its bound.</summary>
    public string? Refuse(WorkOrder order, WorkResult result) => _check.Refuse(order, result);

    /// <summary>Fixed-point sums of some contributions to a round; any grouping and order, merged with <see cref="RoundSums.Merge"/>, gives the same bits. CPU work.</summary>
    /// <exception cref="InvalidDataException">A packed vector is damaged (<see cref="Refuse"/> would have said so).</exception>
    public RoundSums Reduce(ModelState state, RoundPlan plan, IReadOnlyList<CompletedWork> works)
    {
        var sums = new RoundSums();
        foreach (var work in works)
        {
            sums.Count(work.Result);
            switch (plan.Kind)
            {
                case WorkKind.FeatureStatistics or WorkKind.HeadGradient: HeadFitStage.Add(Context, plan, work.Result, sums); break;
                case WorkKind.Curvature: CurvatureStage.Add(Context, work, sums); break;
                case WorkKind.Probes when work.Order.Kind == WorkKind.ExactGradient: ProbeStage.AddExact(Context, work, sums); break;
                case WorkKind.Probes: ProbeStage.Add(Context, state, work, sums); break;
                default: throw new ArgumentException($"Work of kind {plan.Kind} has no sums.", nameof(plan));
            }
        }

        return sums;
    }

    /// <summary>Reads the gate on the pooled sums of all waves so far.</summary>
    public GateDecision Gate(ModelState state, RoundPlan plan, RoundSums sums)
        => plan.Kind == WorkKind.Probes ? ProbeStage.Gate(Context, state, sums) : new GateDecision(true, double.NaN, double.NaN);

    /// <summary>The next version. CPU work.</summary>
    /// <exception cref="ArgumentException">The sums hold no contribution.</exception>
    public ModelState Step(ModelState state, RoundPlan plan, RoundSums sums)
    {
        if (sums.Works == 0 || sums.Examples == 0)
            throw new ArgumentException($"Round {plan.Round} has no contribution; a step needs at least one.", nameof(sums));
        var next = state with { Version = state.Version + 1, ForwardExamples = state.ForwardExamples + sums.ForwardExamples };
        next = plan.Kind switch
        {
            WorkKind.FeatureStatistics => HeadFitStage.ApplyStatistics(Context, next, sums),
            WorkKind.HeadGradient => HeadFitStage.ApplyGradient(Context, next, sums),
            WorkKind.Curvature => CurvatureStage.Apply(Context, next, sums),
            _ => ProbeStage.Apply(Context, next, sums, _budget.Progress(state), _budget.RateFactor(state)),
        };
        // Without a probe round to come there is no use in measuring curvature either.
        return next.Stage is TrainingStage.Curvature or TrainingStage.Probes && _budget.RoundsLeft(next) <= 0
            ? next with { Stage = Context.Options.HeadFirst && Context.Options.HeadLast && next.ProbeRounds > 0 ? TrainingStage.LastStatistics : TrainingStage.Done }
            : next;
    }

    /// <summary>What devices need to work on this version.</summary>
    public ModelSnapshot Snapshot(ModelState state) => new()
    {
        Version = state.Version,
        Theta = state.Theta,
        Head = state.Head,
        FeatureMean = state.FeatureMean,
        FeatureScale = state.FeatureScale,
        BlockScale = state.BlockScale,
        LastStep = state.LastStep,
    };

    private static RoundPlan Whole(ModelState state, WorkKind kind, string phase) => new() { Round = state.Version, Kind = kind, Phase = phase };

    private static float[] Filled(int length)
    {
        var ones = new float[length];
        Array.Fill(ones, 1);
        return ones;
    }
}
