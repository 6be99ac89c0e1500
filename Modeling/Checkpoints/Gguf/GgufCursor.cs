using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Unicode;

namespace FwdLLM.Modeling.Checkpoints.Gguf;

/// <summary>Reads a GGUF header from front to back; every length is checked against what is left before anything is taken.</summary>
internal ref struct GgufCursor(string path, ReadOnlySpan<byte> bytes)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;

    public int Position { get; private set; }

    private readonly int Left => _bytes.Length - Position;

    public ReadOnlySpan<byte> Take(int count, string what)
    {
        if (count > Left)
            throw Damaged($"ends within {what}: {count} bytes are needed at byte {Position} and {Left} are left");
        var taken = _bytes.Slice(Position, count);
        Position += count;
        return taken;
    }

    public T Integer<T>(string what) where T : IBinaryInteger<T>, IMinMaxValue<T> =>
        T.ReadLittleEndian(Take(Unsafe.SizeOf<T>(), what), isUnsigned: T.IsZero(T.MinValue));

    public float Single(string what) => BinaryPrimitives.ReadSingleLittleEndian(Take(sizeof(float), what));

    public double Double(string what) => BinaryPrimitives.ReadDoubleLittleEndian(Take(sizeof(double), what));

    public bool Bool(string what) => Take(1, what)[0] switch
    {
        0 => false,
        1 => true,
        var other => throw Damaged($"holds {other} where {what} is 0 or 1"),
    };

    /// <summary>A 64-bit count of things that take at least <paramref name="minimumBytes"/> each.</summary>
    public int Count(int minimumBytes, string what)
    {
        var count = Integer<ulong>(what);
        return count <= (ulong)(Left / minimumBytes)
            ? (int)count
            : throw Damaged($"declares {count} entries for {what}, of at least {minimumBytes} bytes each, and has {Left} bytes left");
    }

    public string Text(string what, int maximumBytes = int.MaxValue)
    {
        var length = Integer<ulong>(what);
        if (length > (ulong)Math.Min(maximumBytes, Left))
            throw Damaged($"gives {what} {length} bytes of text; {Left} bytes are left and {maximumBytes} is the limit");
        var text = Take((int)length, what);
        return Utf8.IsValid(text) ? Encoding.UTF8.GetString(text) : throw Damaged($"has text that is not UTF-8 in {what}");
    }

    public readonly CheckpointException Damaged(string what) => GgufHeader.Damaged(path, what);
}
