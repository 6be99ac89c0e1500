namespace FwdLLM.Modeling.Checkpoints.Gguf;

/// <summary>Reads metadata values of every kind.</summary>
internal static class GgufValueReader
{
    // The format sets no limit; nothing in use nests at all, and unbounded nesting would overflow the stack.
    private const int MaxDepth = 8;

    private delegate T Element<out T>(ref GgufCursor cursor);

    public static GgufValue Read(ref GgufCursor cursor, string key) => ReadValue(ref cursor, ReadKind(ref cursor, key), key, depth: 0);

    private static GgufValueKind ReadKind(ref GgufCursor cursor, string key)
    {
        var kind = cursor.Integer<uint>(key);
        return kind <= (uint)GgufValueKind.Float64
            ? (GgufValueKind)kind
            : throw cursor.Damaged($"gives metadata '{key}' the unknown kind {kind}");
    }

    private static GgufValue ReadValue(ref GgufCursor cursor, GgufValueKind kind, string key, int depth)
    {
        if (kind == GgufValueKind.Array)
            return ReadArray(ref cursor, key, depth);
        object content = kind switch
        {
            GgufValueKind.UInt8 => cursor.Integer<byte>(key),
            GgufValueKind.Int8 => cursor.Integer<sbyte>(key),
            GgufValueKind.UInt16 => cursor.Integer<ushort>(key),
            GgufValueKind.Int16 => cursor.Integer<short>(key),
            GgufValueKind.UInt32 => cursor.Integer<uint>(key),
            GgufValueKind.Int32 => cursor.Integer<int>(key),
            GgufValueKind.UInt64 => cursor.Integer<ulong>(key),
            GgufValueKind.Int64 => cursor.Integer<long>(key),
            GgufValueKind.Float32 => cursor.Single(key),
            GgufValueKind.Float64 => cursor.Double(key),
            GgufValueKind.Bool => cursor.Bool(key),
            GgufValueKind.String => cursor.Text(key),
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "Not a metadata kind."),
        };
        return new GgufValue(kind, null, content);
    }

    private static GgufValue ReadArray(ref GgufCursor cursor, string key, int depth)
    {
        if (depth == MaxDepth)
            throw cursor.Damaged($"nests arrays more than {MaxDepth} deep in metadata '{key}'");
        var kind = ReadKind(ref cursor, key);
        var count = cursor.Count(MinimumBytes(kind), key);
        object content = kind switch
        {
            GgufValueKind.UInt8 => Fill(ref cursor, count, (ref c) => c.Integer<byte>(key)),
            GgufValueKind.Int8 => Fill(ref cursor, count, (ref c) => c.Integer<sbyte>(key)),
            GgufValueKind.UInt16 => Fill(ref cursor, count, (ref c) => c.Integer<ushort>(key)),
            GgufValueKind.Int16 => Fill(ref cursor, count, (ref c) => c.Integer<short>(key)),
            GgufValueKind.UInt32 => Fill(ref cursor, count, (ref c) => c.Integer<uint>(key)),
            GgufValueKind.Int32 => Fill(ref cursor, count, (ref c) => c.Integer<int>(key)),
            GgufValueKind.UInt64 => Fill(ref cursor, count, (ref c) => c.Integer<ulong>(key)),
            GgufValueKind.Int64 => Fill(ref cursor, count, (ref c) => c.Integer<long>(key)),
            GgufValueKind.Float32 => Fill(ref cursor, count, (ref c) => c.Single(key)),
            GgufValueKind.Float64 => Fill(ref cursor, count, (ref c) => c.Double(key)),
            GgufValueKind.Bool => Fill(ref cursor, count, (ref c) => c.Bool(key)),
            GgufValueKind.String => Fill(ref cursor, count, (ref c) => c.Text(key)),
            _ => Fill(ref cursor, count, (ref c) => ReadArray(ref c, key, depth + 1)),
        };
        return new GgufValue(GgufValueKind.Array, kind, content);
    }

    private static T[] Fill<T>(ref GgufCursor cursor, int count, Element<T> read)
    {
        var values = new T[count];
        for (var i = 0; i < count; i++)
            values[i] = read(ref cursor);
        return values;
    }

    private static int MinimumBytes(GgufValueKind kind) => kind switch
    {
        GgufValueKind.UInt8 or GgufValueKind.Int8 or GgufValueKind.Bool => 1,
        GgufValueKind.UInt16 or GgufValueKind.Int16 => 2,
        GgufValueKind.UInt32 or GgufValueKind.Int32 or GgufValueKind.Float32 => 4,
        GgufValueKind.Array => sizeof(uint) + sizeof(ulong),
        _ => 8,
    };
}
