using FwdLLM.Learning.Random;
using FwdLLM.Learning.Sampling;

namespace FwdLLM.Learning.Training;

/// <summary>
/// The directions of one work order, rebuilt from indices alone: device and server each construct this from the same
/// snapshot and order and get the same bits. Coordinates are "scaled": the parameter's own change is the coordinate
/// times its block's scale.
/// </summary>
public sealed class DirectionSource
{
    private readonly TrainingContext _context;
    private readonly WorkOrder _order;
    private readonly float[]? _guide; // unit vector [D]
    private readonly float[]? _composed; // [K, D]

    /// <summary>Prepares the directions of an order.</summary>
    /// <param name="context">The job's constants.</param>
    /// <param name="lastStep">The last step in scaled coordinates [D], or empty.</param>
    /// <param name="order">The order.</param>
    public DirectionSource(TrainingContext context, float[] lastStep, WorkOrder order)
    {
        _context = context;
        _order = order;
        Key = context.Key("directions");
        if (order.Kind != WorkKind.Probes || lastStep.Length == 0) return;
        if (context.Options.Sampling == SamplingKind.Guided) _guide = GuidedDirections.Unit(lastStep);
        // The published code uses the last step in every second round only.
        if (context.Options.Sampling == SamplingKind.SignedCosine && order.Round % 2 == 1)
        {
            var chosen = SignedCosineSampler.Choose(Key, context.Options.Directions, order.Round, order.Slot, order.FirstProbe, order.ProbeCount, context.ProbedBlocks, lastStep);
            _composed = SignedCosineSampler.Compose(Key, context.Options.Directions, order.Round, order.Slot, order.FirstProbe, context.ProbedBlocks, chosen);
        }
    }

    /// <summary>Key of the job's directions.</summary>
    public StreamKey Key { get; }

    /// <summary>True when the server may sum plain signs from the stream and need not materialise directions.</summary>
    public bool IsPlainSigns => _context.Options.Directions == DirectionKind.Rademacher && _composed is null;

    /// <summary>Address of probe k's stream.</summary>
    public DirectionAddress Address(int k) => new(_order.Round, _order.Slot, checked(_order.FirstProbe + (uint)k));

    /// <summary>Whether probe k measures along the guide instead of along its stream.</summary>
    public bool IsGuided(int k) => _guide is not null && GuidedDirections.IsGuided(Address(k).Probe);

    /// <summary>Index of the block that probe k of a curvature order lives in: the cohort's probes go round all blocks in turn.</summary>
    public static int CurvatureBlock(WorkOrder order, int k, int blocks) => (int)((((ulong)order.Slot * (ulong)order.ProbeCount) + order.FirstProbe + (ulong)k) % (ulong)blocks);

    /// <summary>Writes direction k in scaled coordinates [D].</summary>
    public void Fill(int k, Span<float> direction)
    {
        if (_composed is not null)
            _composed.AsSpan(k * direction.Length, direction.Length).CopyTo(direction);
        else if (_guide is not null)
            GuidedDirections.Fill(Key, Address(k), _guide, direction);
        else if (_context.Options.Directions == DirectionKind.Gaussian)
            GaussianStream.Fill(Key, Address(k), direction);
        else
            RademacherStream.Fill(Key, Address(k), direction);
        if (_order.Kind == WorkKind.Curvature) KeepBlock(CurvatureBlock(_order, k, _context.Layout.Blocks.Count), direction);
    }

    private void KeepBlock(int index, Span<float> direction)
    {
        var block = _context.Layout.Blocks[index];
        direction[..block.Offset].Clear();
        direction[(block.Offset + block.Length)..].Clear();
    }
}
