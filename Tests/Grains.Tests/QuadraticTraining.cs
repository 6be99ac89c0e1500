using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using FwdLLM.Grains;
using FwdLLM.Grains.Interfaces;
using FwdLLM.Learning.Training;

namespace FwdLLM.Tests.Grains;

/// <summary>
/// A stand-in for the algorithm: minimises ½‖θ − target‖² by directional derivatives, exactly in integers. The first round
/// has no probes; every odd round's gate asks for a second wave.
/// </summary>
internal sealed class QuadraticTraining(AlgorithmOptions options) : ITraining
{
    public const int Dimension = 4;

    private static readonly float[] Target = [3, -1, 2, 5];

    public ulong Seed => options.Seed;

    public int MaxRounds => options.MaxRounds;

    public int ProbesPerDevice => options.ProbesPerDevice;

    public bool NeedsExact => options.Estimator == EstimatorKind.Exact;

    public byte[] Initial() => ToBytes(0, new float[Dimension]);

    public TrainingOverview Plan(byte[] state)
    {
        var (version, theta) = FromBytes(state);
        RoundOrder? next = version > MaxRounds ? null : new RoundOrder
        {
            Round = (uint)version,
            Kind = (byte)(version == 0 ? WorkKind.FeatureStatistics : WorkKind.Probes),
            ModelVersion = version,
            CohortSize = version == 0 ? 0 : options.CohortSize,
            ProbesPerDevice = version == 0 ? 0 : options.ProbesPerDevice,
            MaxWaves = version == 0 ? 1 : options.MaxWaves,
            Phase = version == 0 ? "head fit" : "training",
        };
        return new TrainingOverview(version, next, Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes<float>(theta))), version, new Dictionary<string, double> { ["loss"] = Loss(theta) });
    }

    public string? Refuse(Assignment assignment, Contribution contribution) =>
        ContributionGuard.Refuse(assignment, contribution, new TrainingContext(options, new([new("a", 0, Dimension, 0)]), 2, 2));

    public byte[] Reduce(byte[] state, RoundOrder order, IReadOnlyList<RecordedContribution> works)
    {
        var sums = new long[Dimension + 2];
        foreach (var work in works)
        {
            sums[Dimension]++;
            for (var k = 0; k < work.Assignment.ProbeCount; k++)
            {
                var scalar = BinaryPrimitives.ReadSingleLittleEndian(work.Contribution.Scalars.AsSpan(4 * k));
                var direction = Direction(order.Round, work.Assignment.Slot, work.Assignment.FirstProbe + (uint)k);
                for (var i = 0; i < Dimension; i++) sums[i] += (long)MathF.Round(scalar * direction[i] * 65536);
                sums[Dimension + 1]++;
            }
        }

        return MemoryMarshal.AsBytes<long>(sums).ToArray();
    }

    public byte[] Merge(IReadOnlyList<byte[]> sums) => MemoryMarshal.AsBytes<long>(Merged(sums)).ToArray();

    public GateDecision Gate(byte[] state, RoundOrder order, IReadOnlyList<byte[]> sums) =>
        new(order.Round % 2 == 0 || Merged(sums)[Dimension] >= 2 * options.CohortSize, Merged(sums)[Dimension], 2 * options.CohortSize);

    public byte[] Step(byte[] state, RoundOrder order, IReadOnlyList<byte[]> sums)
    {
        if (sums.Count == 0) throw new ArgumentException("A step needs sums.");
        var (version, theta) = FromBytes(state);
        var total = Merged(sums);
        for (var i = 0; i < Dimension && total[Dimension + 1] > 0; i++) theta[i] -= 0.3f * total[i] / 65536f / total[Dimension + 1];
        return ToBytes(version + 1, theta);
    }

    public byte[] Snapshot(byte[] state) => state;

    public static double Loss(float[] theta) => theta.Zip(Target, (t, c) => 0.5 * (t - c) * (t - c)).Sum();

    /// <summary>What an honest device answers.</summary>
    public static Contribution Answer(Assignment work, byte[] snapshot)
    {
        var (_, theta) = FromBytes(snapshot);
        var scalars = new byte[4 * work.ProbeCount];
        for (var k = 0; k < work.ProbeCount; k++)
        {
            var direction = Direction(work.Round, work.Slot, work.FirstProbe + (uint)k);
            var slope = 0f;
            for (var i = 0; i < Dimension; i++) slope += direction[i] * (theta[i] - Target[i]);
            BinaryPrimitives.WriteSingleLittleEndian(scalars.AsSpan(4 * k), slope);
        }

        return new Contribution { Round = work.Round, Wave = work.Wave, ModelVersion = work.ModelVersion, Examples = 8, ForwardExamples = 8, LossSum = (float)Loss(theta), Scalars = scalars };
    }

    private static float[] Direction(uint round, uint slot, uint probe)
    {
        var hash = SHA256.HashData(MemoryMarshal.AsBytes<uint>(new[] { round, slot, probe }));
        return [.. hash.Take(Dimension).Select(b => (b & 1) == 0 ? -1f : 1f)];
    }

    private static long[] Merged(IReadOnlyList<byte[]> sums)
    {
        var total = new long[Dimension + 2];
        foreach (var part in sums)
            for (var i = 0; i < total.Length; i++) total[i] += BinaryPrimitives.ReadInt64LittleEndian(part.AsSpan(8 * i));
        return total;
    }

    private static byte[] ToBytes(long version, float[] theta) => [.. BitConverter.GetBytes(version), .. MemoryMarshal.AsBytes<float>(theta)];

    private static (long Version, float[] Theta) FromBytes(byte[] state) =>
        (BitConverter.ToInt64(state), MemoryMarshal.Cast<byte, float>(state.AsSpan(8)).ToArray());
}
