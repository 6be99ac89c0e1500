using System.Buffers.Binary;
using CsCheck;
using FwdLLM.Modeling.Checkpoints;

namespace FwdLLM.Tests.Modeling.Checkpoints;

/// <summary>
/// Damages a valid file and reads it. A reader may succeed or throw a <see cref="CheckpointException"/>, nothing else, and may allocate
/// no more than the file's size accounts for.
/// </summary>
internal static class FileFuzz
{
    private const int Mutations = 3_000;
    private const int Few = 10;
    private const long AllocatedPerByte = 40;
    private const long Slack = 256 * 1024;
    private static readonly ulong[] Extremes = [0, 1, 2, 31, 255, int.MaxValue, 0x8000_0000, uint.MaxValue, long.MaxValue, 0x8000_0000_0000_0000, ulong.MaxValue, ulong.MaxValue - 31];

    /// <summary>Bytes, counts and lengths changed at random, and tails cut off or added; both ends must be reached, or the changes test nothing.</summary>
    public static void Mutate(string path, byte[] valid, Action read)
    {
        int refused = 0, total = 0;
        var position = Gen.OneOf(Gen.Int[0, valid.Length - 1], Gen.Int[0, Math.Min(valid.Length, 64) - 1]);
        Gen.Select(Gen.Int[0, 9], position, Gen.Int[0, 255]).Array[1, 3].Sample(
            changes =>
            {
                var mutated = changes.Aggregate((byte[])valid.Clone(), (bytes, change) => Apply(bytes, change.Item1, change.Item2, change.Item3));
                File.WriteAllBytes(path, mutated);
                refused += Reads(mutated.Length, read) ? 0 : 1;
                total++;
            },
            iter: Mutations,
            threads: 1);
        File.WriteAllBytes(path, valid);
        Assert.InRange(refused, Few, total - Few);
    }

    /// <summary>Every shorter file must be refused, so <paramref name="valid"/> must not end in padding.</summary>
    public static void Truncate(string path, byte[] valid, Action read)
    {
        File.WriteAllBytes(path, valid);
        Assert.True(Reads(valid.Length, read));
        for (var length = valid.Length - 1; length >= 0; length--)
        {
            using (var stream = File.OpenWrite(path))
                stream.SetLength(length);
            Assert.False(Reads(length, read), $"{path} was read although it was cut to {length} of {valid.Length} bytes");
        }

        File.WriteAllBytes(path, valid);
    }

    private static bool Reads(long fileBytes, Action read)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        bool succeeded;
        try
        {
            read();
            succeeded = true;
        }
        catch (CheckpointException)
        {
            succeeded = false;
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, AllocatedPerByte * fileBytes + Slack);
        return succeeded;
    }

    private static byte[] Apply(byte[] bytes, int kind, int position, int value)
    {
        var rest = bytes.AsSpan(Math.Min(position, bytes.Length));
        var extreme = Extremes[value % Extremes.Length];
        switch (kind)
        {
            case 0:
                return bytes[..Math.Min(position, bytes.Length)];
            case 1:
                return [.. bytes, .. new byte[value]];
            case 2 when rest.Length >= sizeof(ulong):
                BinaryPrimitives.WriteUInt64LittleEndian(rest, extreme);
                return bytes;
            case 3 or 4 when rest.Length >= sizeof(uint):
                BinaryPrimitives.WriteUInt32LittleEndian(rest, (uint)extreme);
                return bytes;
            default:
                if (rest.Length > 0)
                    rest[0] = (byte)value;
                return bytes;
        }
    }
}
