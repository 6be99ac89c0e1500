using System.Buffers.Binary;
using System.Text.Json;

namespace FwdLLM.Modeling.Checkpoints;

/// <summary>Reads and checks the header of a safetensors file: an 8-byte little-endian length N, then N bytes of JSON, then the data.</summary>
internal sealed class SafetensorsHeader
{
    public const long MaxBytes = 100_000_000;
    public const int PrefixBytes = sizeof(long);

    private readonly string _path;
    private readonly long _dataStart;
    private readonly long _dataBytes;

    private SafetensorsHeader(string path, long dataStart, long dataBytes)
    {
        _path = path;
        _dataStart = dataStart;
        _dataBytes = dataBytes;
    }

    public Dictionary<string, TensorInfo> Tensors { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, string> Metadata { get; } = new(StringComparer.Ordinal);

    /// <summary>How many header bytes follow the length prefix; checked against the file before anything of that size is touched.</summary>
    public static int ReadLength(string path, ReadOnlySpan<byte> prefix, long fileBytes)
    {
        var length = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        if (length > MaxBytes)
            throw Damaged(path, $"declares a header of {length} bytes, the limit is {MaxBytes}");
        if ((long)length > fileBytes - PrefixBytes)
            throw Damaged(path, $"declares a header of {length} bytes but has only {fileBytes - PrefixBytes} after the length");
        return (int)length;
    }

    public static SafetensorsHeader Parse(string path, ReadOnlySpan<byte> json, long fileBytes)
    {
        var dataStart = PrefixBytes + json.Length;
        var header = new SafetensorsHeader(path, dataStart, fileBytes - dataStart);
        try
        {
            header.ReadTensors(json);
        }
        // InvalidOperationException is what the reader says of a string that is not UTF-8.
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw new CheckpointException($"{path} has a header that is not valid JSON ({error.Message}); download or export the file again.", error);
        }

        header.CheckCoverage();
        return header;
    }

    internal static CheckpointException Damaged(string path, string what) =>
        new($"{path} {what}; download or export the file again.");

    private void ReadTensors(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 8 });
        Expect(ref reader, JsonTokenType.StartObject, "the header");
        while (ReadProperty(ref reader, out var name))
        {
            if (name == "__metadata__")
                ReadMetadata(ref reader);
            else if (!Tensors.TryAdd(name, ReadTensor(ref reader, name)))
                throw Damaged(_path, $"lists tensor '{name}' twice");
        }

        // The format lets spaces follow; anything else makes the reader throw.
        if (reader.Read())
            throw Damaged(_path, "has text after the header's object");
    }

    private void ReadMetadata(ref Utf8JsonReader reader)
    {
        if (Metadata.Count > 0)
            throw Damaged(_path, "has two __metadata__ objects");
        Expect(ref reader, JsonTokenType.StartObject, "__metadata__");
        while (ReadProperty(ref reader, out var key))
        {
            Expect(ref reader, JsonTokenType.String, $"__metadata__ key '{key}'");
            if (!Metadata.TryAdd(key, reader.GetString()!))
                throw Damaged(_path, $"lists __metadata__ key '{key}' twice");
        }
    }

    private TensorInfo ReadTensor(ref Utf8JsonReader reader, string name)
    {
        TensorType? type = null;
        int[]? shape = null;
        (long Begin, long End)? range = null;
        Expect(ref reader, JsonTokenType.StartObject, $"tensor '{name}'");
        while (ReadProperty(ref reader, out var property))
        {
            if (property == "dtype" && type is null)
                type = ReadType(ref reader, name);
            else if (property == "shape" && shape is null)
                shape = ReadShape(ref reader, name);
            else if (property == "data_offsets" && range is null)
                range = ReadRange(ref reader, name);
            else
                throw Damaged(_path, $"gives tensor '{name}' the unknown or repeated property '{property}'");
        }

        if (type is null || shape is null || range is null)
            throw Damaged(_path, $"leaves out dtype, shape or data_offsets of tensor '{name}'");
        var (begin, end) = range.Value;
        CheckSize(name, type.Value, shape, end - begin);
        return new TensorInfo(name, type.Value, shape, _dataStart + begin, end - begin);
    }

    private TensorType ReadType(ref Utf8JsonReader reader, string name)
    {
        Expect(ref reader, JsonTokenType.String, $"dtype of tensor '{name}'");
        var text = reader.GetString();
        return TensorTypes.TryParse(text, out var type)
            ? type
            : throw new CheckpointException($"{_path}: tensor '{name}' has dtype '{text}'; readable are {string.Join(", ", Enum.GetNames<TensorType>())}. Convert the checkpoint to one of them.");
    }

    private int[] ReadShape(ref Utf8JsonReader reader, string name)
    {
        const int maxRank = 8;
        var shape = new List<int>(2);
        Expect(ref reader, JsonTokenType.StartArray, $"shape of tensor '{name}'");
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt32(out var size) || size < 0 || shape.Count == maxRank)
                throw Damaged(_path, $"gives tensor '{name}' a shape that is not a list of at most {maxRank} sizes from 0 to {int.MaxValue}");
            shape.Add(size);
        }

        return [.. shape];
    }

    private (long Begin, long End) ReadRange(ref Utf8JsonReader reader, string name)
    {
        Expect(ref reader, JsonTokenType.StartArray, $"data_offsets of tensor '{name}'");
        if (!reader.Read() || reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out var begin)
            || !reader.Read() || reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out var end)
            || !reader.Read() || reader.TokenType != JsonTokenType.EndArray)
            throw Damaged(_path, $"gives tensor '{name}' data_offsets that are not two whole numbers");
        if (begin < 0 || end < begin || end > _dataBytes)
            throw Damaged(_path, $"places tensor '{name}' at bytes {begin} to {end} of a data section of {_dataBytes} bytes");
        return (begin, end);
    }

    private void CheckSize(string name, TensorType type, int[] shape, long bytes)
    {
        // UInt128 holds the product of two 63-bit factors, and the running product is cut off at the file's size.
        UInt128 needed = (UInt128)type.Size();
        foreach (var size in shape)
        {
            needed *= (UInt128)size;
            if (needed > long.MaxValue)
                break;
        }

        if (needed != (UInt128)bytes)
            throw Damaged(_path, $"gives tensor '{name}' ({type} {TensorInfo.Describe(shape)}) {bytes} bytes where {needed} are needed");
    }

    private void CheckCoverage()
    {
        var next = _dataStart;
        foreach (var tensor in Tensors.Values.OrderBy(tensor => tensor.Offset).ThenBy(tensor => tensor.Length))
        {
            if (tensor.Offset != next)
                throw Damaged(_path, $"starts tensor '{tensor.Name}' at data byte {tensor.Offset - _dataStart} where byte {next - _dataStart} is next: tensors overlap or leave a hole");
            next += tensor.Length;
        }

        if (next != _dataStart + _dataBytes)
            throw Damaged(_path, $"has {_dataStart + _dataBytes - next} bytes that belong to no tensor");
    }

    private static bool ReadProperty(ref Utf8JsonReader reader, out string name)
    {
        reader.Read();
        var more = reader.TokenType == JsonTokenType.PropertyName;
        name = more ? reader.GetString()! : "";
        return more;
    }

    private void Expect(ref Utf8JsonReader reader, JsonTokenType token, string what)
    {
        if (!reader.Read() || reader.TokenType != token)
            throw Damaged(_path, $"has {reader.TokenType} where {token} is expected for {what}");
    }
}
