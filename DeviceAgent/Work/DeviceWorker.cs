using FwdLLM.Inference;
using FwdLLM.Learning.Estimation;
using FwdLLM.Learning.Sampling;
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
    private float[]? _features; // [n, H] under _featuresTheta
    private float[] _featuresTheta = [];
    private readonly float[] _start;
    private double[]? _sizes; // |residual| of each example under _sizesHead
    private float[]? _sizesHead;

    /// <summary>Creates a worker over one shard.</summary>
    /// <exception cref="ArgumentException">Model and job disagree on a size, or a label is out of range.</exception>
    public DeviceWorker(TrainingContext context, IModelRuntime runtime, LocalExamples examples)
    {
        if (runtime.Dimension != context.Layout.Dimension || runtime.FeatureSize != context.FeatureSize)
            throw new ArgumentException($"The model has θ of {runtime.Dimension} and features of {runtime.FeatureSize}; the job expects {context.Layout.Dimension} and {context.FeatureSize}. Compile the model for this job.", nameof(runtime));
        var wrong = examples.Labels.FirstOrDefault(label => label < 0 || label >= context.Classes, 0);
        if (wrong != 0)
            throw new ArgumentException($"A label is class {wrong}; the job has classes 0 to {context.Classes - 1}.", nameof(examples));
        _context = context;
        _runtime = runtime;
        _examples = examples;
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
            _ => throw new ArgumentException($"Work of kind {(byte)order.Kind} is unknown to this agent; update it.", nameof(order)),
        };
    }

    private WorkResult Statistics(ModelSnapshot snapshot, CancellationToken cancellation)
    {
        var spent = KeepFeatures(snapshot, cancellation);
        var size = _context.FeatureSize;
        var sums = new double[2 * size];
        for (var i = 0; i < _features!.Length; i++)
        {
            sums[i % size] += _features[i];
            sums[size + (i % size)] += (double)_features[i] * _features[i];
        }

        return new WorkResult { Examples = _examples.Count, ForwardExamples = spent, Vector = PackedVector.Pack(sums) };
    }

    private WorkResult HeadGradient(ModelSnapshot snapshot, CancellationToken cancellation)
    {
        var spent = KeepFeatures(snapshot, cancellation);
        var head = Evaluate(snapshot, _features!, _examples);
        return Result(head, spent) with { Vector = PackedVector.Pack(head.Gradient()) };
    }

    private WorkResult Curvature(WorkOrder order, ModelSnapshot snapshot, CancellationToken cancellation)
    {
        var batch = Batch(order);
        var source = new DirectionSource(_context, snapshot.LastStep, order);
        var directions = new ProbeDirections(_context, snapshot, source, order.ProbeCount);
        var run = _runtime.Jvp(batch.Sequences, snapshot.Theta, directions.Adapter, cancellation);
        var head = Evaluate(snapshot, run.Features, batch);
        var tangents = new HeadFactory(_context, snapshot).Create(snapshot.Head);
        var size = run.Features.Length;
        var scalars = new float[order.ProbeCount];
        for (var k = 0; k < scalars.Length; k++) scalars[k] = (float)head.GaussNewton(tangents.LogitTangents(run.Tangents.AsSpan(k * size, size)));
        return Result(head, ForwardCost.Probes(EstimatorKind.Jvp, batch.Count, order.ProbeCount, fixedResiduals: false)) with { Scalars = scalars };
    }

    private WorkResult Probes(WorkOrder order, ModelSnapshot snapshot, CancellationToken cancellation)
    {
        var (batch, spent) = ProbeBatch(order, snapshot, cancellation);
        var source = new DirectionSource(_context, snapshot.LastStep, order);
        var directions = new ProbeDirections(_context, snapshot, source, order.ProbeCount);
        var (scalars, head) = DirectionalDerivatives.Measure(_context.Options, _runtime, new HeadFactory(_context, snapshot), batch, snapshot, directions, cancellation);
        var fixedResiduals = _context.Options.CentredResiduals || batch.Weights is not null;
        return Result(head, spent + ForwardCost.Probes(_context.Options.Estimator, batch.Examples.Count, order.ProbeCount, fixedResiduals)) with { Scalars = scalars };
    }

    // Residuals are those under the first head fit's features: the same for an agent that was restarted, which computes them again.
    private (WeightedBatch Batch, int Spent) ProbeBatch(WorkOrder order, ModelSnapshot snapshot, CancellationToken cancellation)
    {
        // A shard that fits into the batch is used whole: drawing from it with replacement could only lose examples.
        if (!_context.Options.ImportanceSampling || order.BatchSize <= 0 || order.BatchSize >= _examples.Count) return (new WeightedBatch(Batch(order), null), 0);
        var spent = KeepFeatures(snapshot with { Theta = _start }, cancellation);
        if (_sizes is null || !snapshot.Head.AsSpan().SequenceEqual(_sizesHead))
        {
            _sizes = Evaluate(snapshot, _features!, _examples).ResidualNorms();
            _sizesHead = snapshot.Head;
        }

        var draw = ImportanceDraw.Draw(_context.Key("batches"), order.Round, order.Slot, _sizes, order.BatchSize);
        return (new WeightedBatch(_examples.At(draw.Positions), draw.Weights), spent);
    }

    private LocalExamples Batch(WorkOrder order) => _examples.At(_context.Batch(order.Round, order.Slot, _examples.Count, order.BatchSize));

    private static WorkResult Result(HeadEvaluation head, long spent) => new()
    {
        Examples = head.Count,
        ForwardExamples = spent,
        LossSum = (float)head.LossSum,
        Correct = head.Correct,
    };

    private HeadEvaluation Evaluate(ModelSnapshot snapshot, float[] features, LocalExamples examples)
        => new(new HeadFactory(_context, snapshot).Create(snapshot.Head), features, examples.Labels);

    // Returns the examples that had to pass forward: 0 when the features of this θ are still there.
    private int KeepFeatures(ModelSnapshot snapshot, CancellationToken cancellation)
    {
        if (_features is not null && snapshot.Theta.AsSpan().SequenceEqual(_featuresTheta)) return 0;
        _features = _runtime.Features(_examples.Sequences, snapshot.Theta, cancellation);
        _featuresTheta = snapshot.Theta;
        return _examples.Count;
    }
}
