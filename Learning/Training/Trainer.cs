namespace FwdLLM.Learning.Training;

/// <summary>What does not change during a job.</summary>
/// <param name="Options">Recipe.</param>
/// <param name="Layout">Blocks of the adapter compiled into the model.</param>
/// <param name="FeatureSize">H.</param>
/// <param name="Classes">C.</param>
public sealed record TrainingContext(AlgorithmOptions Options, AdapterLayout Layout, int FeatureSize, int Classes);

/// <summary>One accepted contribution: the order and the result that answers it.</summary>
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
public sealed class Trainer(TrainingContext context)
{
    /// <summary>The job's constants.</summary>
    public TrainingContext Context { get; } = context;

    /// <summary>Version 0.</summary>
    public ModelState Initial() => throw new NotImplementedException();

    /// <summary>What the next round asks; null when training is complete.</summary>
    public RoundPlan? Plan(ModelState state) => throw new NotImplementedException();

    /// <summary>Null when the result is a possible answer to the order; otherwise the reason it is refused, with the value and its bound.</summary>
    public string? Refuse(WorkOrder order, WorkResult result) => throw new NotImplementedException();

    /// <summary>Fixed-point sums of some contributions to a round; any grouping and order, merged with <see cref="RoundSums.Merge"/>, gives the same bits. CPU work.</summary>
    public RoundSums Reduce(ModelState state, RoundPlan plan, IReadOnlyList<CompletedWork> works) => throw new NotImplementedException();

    /// <summary>Reads the gate on the pooled sums of all waves so far.</summary>
    public GateDecision Gate(ModelState state, RoundPlan plan, RoundSums sums) => throw new NotImplementedException();

    /// <summary>The next version. CPU work.</summary>
    public ModelState Step(ModelState state, RoundPlan plan, RoundSums sums) => throw new NotImplementedException();

    /// <summary>What devices need to work on this version.</summary>
    public ModelSnapshot Snapshot(ModelState state) => throw new NotImplementedException();
}
