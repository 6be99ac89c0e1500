using FwdLLM.Inference;
using FwdLLM.Learning.Estimation;
using FwdLLM.Learning.Random;
using FwdLLM.Learning.Sampling;
using FwdLLM.Learning.Tasks;
using FwdLLM.Learning.Training;

namespace FwdLLM.DeviceAgent.Work;

/// <summary>
/// The device's half of the algorithm: (order, snapshot, private examples) → result. Equal arguments give equal bits.
/// Keeps the features of its shard between the evaluations of a head fit; one call at a time.
/// </summary>
public sealed class DeviceWorker
{
    private readonly TrainingContext _context;
    private readonly IModelRuntime _runtime;
    private readonly LocalExamples _examples;
    private readonly VocabularyHead? _output;
    private float[]? _features; // [rows, H] under _featuresTheta
    private float[] _featuresTheta = [];
    private readonly float[] _start;
    private HeadEvaluation? _settled; // the shard under the features of _start and _settledHead
    private float[]? _settledHead;

    /// <summary>Creates a worker over one shard.</summary>
    /// <param name="context">The job.</param>
    /// <param name="runtime">Its model.</param>
    /// <param name="examples">The shard.</param>
    /// <param name="output">The model's own output layer, where the task uses it.</param>
    /// <exception cref="ArgumentException">Model and job disagree on a size, or a label is out of range.</exception>
    public DeviceWorker(TrainingContext context, IModelRuntime runtime, LocalExamples examples, VocabularyHead? output = null)
    {
        if (runtime.Dimension != context.Layout.Dimension || runtime.FeatureSize != context.FeatureSize)
            throw new ArgumentException($"The model has θ of {runtime.Dimension} and features of {runtime.FeatureSize}; the job expects {context.Layout.Dimension} and {context.FeatureSize}. Compile the model for this job.", nameof(runtime));
        if (context.Task.HasLabels() && examples.TargetsAs<ClassTarget>().FirstOrDefault(target => target.Class < 0 || target.Class >= context.Classes) is { } wrong)
            throw new ArgumentException($"A label is class {wrong.Class}; the job has classes 0 to {context.Classes - 1}.", nameof(examples));
        _context = context;
        _runtime = runtime;
        _examples = examples;
        _output = output;
        _start = context.InitialTheta();
    }

    /// <summary>Does the work.</summary>
    /// <exception cref="ArgumentException">The order's kind is unknown, or the snapshot does not fit the job.</exception>
    public WorkResult Execute(WorkOrder order, ModelSnapshot snapshot, CancellationToken cancellation)
    {
        if (snapshot.Theta.Length != _context.Layout.Dimension || snapshot.Head.Length != _context.HeadLength)
            throw new ArgumentException($"Snapshot {snapshot.Version} has θ of {snapshot.Theta.Length} and a head of {snapshot.Head.Length}; the job expects {_context.Layout.Dimension} and {_context.HeadLength}.", nameof(snapshot));
        if (snapshot.BlockScale.Length != _context.Layout.Blocks.Count)
            throw new ArgumentException($"Snapshot {snapshot.Version} has {snapshot.BlockScale.Length} block scales; the job has {_context.Layout.Blocks.Count} blocks.", nameof(snapshot));
        return order.Kind switch
        {
            WorkKind.FeatureStatistics => Statistics(snapshot, cancellation),
            WorkKind.HeadGradient => HeadGradient(snapshot, cancellation),
            WorkKind.Curvature => Curvature(order, snapshot, cancellation),
            WorkKind.Probes => Probes(order, snapshot, cancellation),
            WorkKind.ExactGradient => ExactGradient(order, snapshot, cancellation),
            _ => throw new ArgumentException($"Work of kind {(byte)order.Kind} is unknown to this agent; update it.", nameof(order)),
        };
    }

    private WorkResult Statistics(ModelSnapshot snapshot, CancellationToken cancellation)
    {
        var spent = KeepFeatures(snapshot, cancellation);
        var size = _context.FeatureSize;
        var sums = new double[2 * size];
        var i = 0;
        foreach (var sequence in _examples.Sequences)
        {
            // An example with a row per token counts once: with the mean of its rows.
            var rows = _context.Task.HasTokenRows() ? sequence.Length : 1;
            for (var end = i + (rows * size); i < end; i++)
            {
                sums[i % size] += _features![i] / (double)rows;
                sums[size + (i % size)] += (double)_features[i] * _features[i] / rows;
            }
        }

        return new WorkResult { Examples = _examples.Count, ForwardExamples = spent, Vector = PackedVector.Pack(sums) };
    }

    private WorkResult HeadGradient(ModelSnapshot snapshot, CancellationToken cancellation)
    {
        var spent = KeepFeatures(snapshot, cancellation);
        var head = Heads(snapshot).Evaluate(snapshot.Head, _features!, Whole(_examples));
        return Result(head, spent) with { Vector = PackedVector.Pack(head.HeadGradient()) };
    }

    private WorkResult Curvature(WorkOrder order, ModelSnapshot snapshot, CancellationToken cancellation)
    {
        var batch = Batch(order);
        var source = new DirectionSource(_context, snapshot.LastStep, order);
        var directions = new ProbeDirections(_context, snapshot, source, order.ProbeCount);
        var run = _runtime.Jvp(batch.Sequences, snapshot.Theta, directions.Adapter, cancellation);
        var head = Heads(snapshot).Evaluate(snapshot.Head, run.Features, Whole(batch));
        var drawn = new CounterRandom(_context.Key("curvature-labels"), new DirectionAddress(order.Round, order.Slot, order.Wave));
        var scalars = Array.ConvertAll(head.Curvatures(run.Tangents, order.ProbeCount, drawn), value => (float)value);
        return Result(head, ForwardCost.Probes(EstimatorKind.Jvp, batch.Count, order.ProbeCount, fixedResiduals: false)) with { Scalars = scalars };
    }

    private WorkResult Probes(WorkOrder order, ModelSnapshot snapshot, CancellationToken cancellation)
    {
        var (batch, spent) = ProbeBatch(order, snapshot, cancellation);
        var source = new DirectionSource(_context, snapshot.LastStep, order);
        var directions = new ProbeDirections(_context, snapshot, source, order.ProbeCount);
        var (scalars, head) = DirectionalDerivatives.Measure(_context, _runtime, Heads(snapshot), batch, snapshot, directions, cancellation);
        return Result(head, spent + ForwardCost.Probes(_context.Options.Estimator, batch.Examples.Count, order.ProbeCount, batch.HasFixedResiduals)) with { Scalars = scalars };
    }

    private WorkResult ExactGradient(WorkOrder order, ModelSnapshot snapshot, CancellationToken cancellation)
    {
        var (batch, spent) = ProbeBatch(order, snapshot, cancellation);
        var (gradient, head) = BatchGradient.Measure(_context, _runtime, Heads(snapshot), batch, snapshot, cancellation);
        var rounding = new CounterRandom(_context.Key("gradient-rounding"), new DirectionAddress(order.Round, order.Slot, order.Wave));
        return Result(head, spent + ForwardCost.ExactGradient(batch.Examples.Count)) with
        {
            Vector = PackedGradient.Pack(BatchGradient.Scale(_context, snapshot, gradient), _context.ProbedBlocks, rounding),
        };
    }

    // What weighs and centres are residuals under the features of the adapter's start: the same for an agent that was restarted, which computes them again.
    private (WeightedBatch Batch, int Spent) ProbeBatch(WorkOrder order, ModelSnapshot snapshot, CancellationToken cancellation)
    {
        var options = _context.Options;
        var n = order.BatchSize;

        // A shard that fits into the batch is used whole: there is no noise of sampling to weigh or centre.
        if (n <= 0 || n >= _examples.Count || !(options.ImportanceSampling || options.CentredResiduals)) return (Whole(Batch(order)), 0);
        var spent = KeepFeatures(snapshot with { Theta = _start }, cancellation);
        if (_settled is null || !snapshot.Head.AsSpan().SequenceEqual(_settledHead))
        {
            _settled = Heads(snapshot).Classify(snapshot.Head, _features!, Whole(_examples));
            _settledHead = snapshot.Head;
        }

        var (positions, weights) = options.ImportanceSampling
            ? ImportanceDraw.Draw(_context.Key("batches"), order.Round, order.Slot, _settled.ResidualNorms(), n, Draw(order))
            : (_context.Batch(order.Round, order.Slot, _examples.Count, n, Draw(order)), null);
        var control = options.CentredResiduals && n > 1 ? ControlVariate.Of(_settled.Residuals, _context.Classes, positions, weights) : null;
        return (new WeightedBatch(_examples.At(positions), weights, control), spent);
    }

    private LocalExamples Batch(WorkOrder order) => _examples.At(_context.Batch(order.Round, order.Slot, _examples.Count, order.BatchSize, Draw(order)));

    // More probes of one batch see more of its gradient; its exact gradient twice says nothing new.
    private static uint Draw(WorkOrder order) => order.Kind == WorkKind.ExactGradient ? order.Wave : 0;

    private static WorkResult Result(TaskEvaluation head, long spent) => new()
    {
        Examples = head.Count,
        ForwardExamples = spent,
        LossSum = (float)head.LossSum,
        Correct = head.Correct,
    };

    private HeadFactory Heads(ModelSnapshot snapshot) => new(_context, snapshot, _output);

    private static WeightedBatch Whole(LocalExamples examples) => new(examples, null, null);

    // Returns the examples that had to pass forward: 0 when the features of this θ are still there.
    private int KeepFeatures(ModelSnapshot snapshot, CancellationToken cancellation)
    {
        if (_features is not null && snapshot.Theta.AsSpan().SequenceEqual(_featuresTheta)) return 0;
        _features = _runtime.Features(_examples.Sequences, snapshot.Theta, cancellation);
        _featuresTheta = snapshot.Theta;
        return _examples.Count;
    }
}
