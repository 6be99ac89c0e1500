using System.Buffers.Binary;
using System.IO.Compression;
using CsCheck;
using FwdLLM.Learning.Training;

namespace FwdLLM.Learning.Tests.Training;

public sealed class SnapshotChangesTests
{
    private const int Most = 1 << 20;

    [Fact]
    public void Device_that_was_away_for_any_versions_ends_with_the_bits_of_the_snapshot()
    {
        var versions =
            from sizes in Gen.Int[0, 40].Array[6]
            from seed in Gen.Int
            from kinds in Gen.Int[0, 4].Array[1, 12]
            from gap in Gen.Int[0, 11].Array[2]
            select (sizes, seed, kinds, gap);
        versions.Sample(
            job =>
            {
                var history = History(job.sizes, job.seed, job.kinds);
                var (from, to) = (history[job.gap[0] % history.Count], history[job.gap[1] % history.Count]);
                Assert.Equal(to, SnapshotChanges.Apply(from, SnapshotChanges.Write(from, to), Most));
                Assert.Equal(to, SnapshotChanges.Apply([], SnapshotChanges.Write([], to), Most));
                Assert.InRange(SnapshotChanges.Write(from, to).Length, 5, to.Length + 5);
            },
            iter: 300);
    }

    [Fact]
    public void Any_bytes_at_all_come_back() => Gen.Select(Gen.Byte.Array[0, 100], Gen.Byte.Array[0, 100]).Sample(
        (from, to) => Assert.Equal(to, SnapshotChanges.Apply(from, SnapshotChanges.Write(from, to), Most)), iter: 300);

    [Fact]
    public void Round_that_changes_the_head_alone_takes_no_bytes_for_the_adapter()
    {
        var before = Snapshot(new System.Random(1), 1, 50_000, 800);
        var after = before with { Version = 2, Head = [.. before.Head.Select(value => value * 1.01f)] };
        Assert.InRange(SnapshotChanges.Write(before.ToBytes(), after.ToBytes()).Length, 1, 800 * 4);
    }

    [Fact]
    public void Small_step_takes_three_quarters_of_the_adapter_at_most()
    {
        var random = new System.Random(2);
        var before = Snapshot(random, 1, 2304, 770);
        var after = before with { Version = 2, Theta = [.. before.Theta.Select(value => value + (0.002f * (random.NextSingle() - 0.5f)))] };
        Assert.InRange(SnapshotChanges.Write(before.ToBytes(), after.ToBytes()).Length, 1, 2304 * 3);
    }

    public static TheoryData<string, byte[]> Hostile => new()
    {
        { "at least", [0, 1, 0, 0] },
        { "form 3", [3, 8, 0, 0, 0] },
        { "claim a snapshot of -1 bytes", [0, 255, 255, 255, 255] },
        { "claim a snapshot of 2147483647 bytes", [1, 255, 255, 255, 127] },
        { "claim a snapshot of 9 bytes and hold 2", [0, 9, 0, 0, 0, 1, 2] },
        { "do not unfold", [1, 8, 0, 0, 0, 9, 9, 9] },
        { "do not unfold", [2, 8, 0, 0, 0, 9, 9, 9] },
        { "do not unfold", Packed(1, 8, new byte[7]) },
        { "do not unfold", Packed(1, 8, new byte[9]) },
        { "the snapshot they are applied to has 8", Packed(2, 12, new byte[12]) },
    };

    [Theory]
    [MemberData(nameof(Hostile))]
    public void Changes_that_lie_are_refused(string reason, byte[] changes)
    {
        var error = Assert.Throws<InvalidDataException>(() => SnapshotChanges.Apply(new byte[8], changes, Most));
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    private static byte[] Packed(byte form, int length, byte[] content)
    {
        var packed = new byte[100];
        Assert.True(BrotliEncoder.TryCompress(content, packed, out var written));
        var bytes = new byte[5 + written];
        bytes[0] = form;
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(1), length);
        packed.AsSpan(0, written).CopyTo(bytes.AsSpan(5));
        return bytes;
    }

    // What rounds change: nothing, the head, θ, θ and the last step, everything.
    private static List<byte[]> History(int[] sizes, int seed, int[] kinds)
    {
        var random = new System.Random(seed);
        var snapshot = Snapshot(random, 0, sizes[0], sizes[1]) with { LastStep = new float[sizes[2] % 2 == 0 ? 0 : sizes[0]] };
        var history = new List<byte[]> { snapshot.ToBytes() };
        foreach (var kind in kinds)
        {
            float[] Step(float[] values) => [.. values.Select(value => value + (0.01f * (random.NextSingle() - 0.5f)))];
            snapshot = snapshot with
            {
                Version = snapshot.Version + 1,
                Head = kind is 1 or 4 ? Step(snapshot.Head) : snapshot.Head,
                Theta = kind >= 2 ? Step(snapshot.Theta) : snapshot.Theta,
                LastStep = kind >= 3 ? Step(snapshot.Theta) : snapshot.LastStep,
                BlockScale = kind == 4 ? Step(snapshot.BlockScale) : snapshot.BlockScale,
            };
            history.Add(snapshot.ToBytes());
        }

        return history;
    }

    private static ModelSnapshot Snapshot(System.Random random, uint version, int theta, int head)
    {
        float[] Draw(int count) => [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() - 0.5f)];
        return new ModelSnapshot { Version = version, Theta = Draw(theta), Head = Draw(head), FeatureMean = Draw(3), FeatureScale = Draw(3), BlockScale = Draw(2) };
    }
}
