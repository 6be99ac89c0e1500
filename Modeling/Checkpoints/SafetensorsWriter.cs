using System.Buffers.Binary;
using System.Text;
using System.Text.Json;

namespace FwdLLM.Modeling.Checkpoints;

/// <summary>
/// Writes safetensors files. Equal tensors and metadata give equal bytes, whatever order they come in: wide element types first
/// (so that every tensor is aligned to its element size without holes, which the format forbids), then by name.
/// The data starts at a multiple of 8.
/// </summary>
public static class SafetensorsWriter
{
    private const int Alignment = 8;

    /// <summary>Writes to a temporary file beside <paramref name="path"/>, then renames it: a reader never sees half a file.</summary>
    /// <exception cref="ArgumentException">Two tensors share a name, a name is reserved, or a tensor's bytes do not fit its shape.</exception>
    public static void Write(string path, IEnumerable<SafetensorsTensor> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        var ordered = tensors.OrderByDescending(tensor => tensor.Type.Size()).ThenBy(tensor => tensor.Name, StringComparer.Ordinal).ToList();
        Check(ordered);
        var header = BuildHeader(ordered, metadata);
        AtomicFile.Write(path, stream =>
        {
            Span<byte> prefix = stackalloc byte[SafetensorsHeader.PrefixBytes];
            BinaryPrimitives.WriteInt64LittleEndian(prefix, header.Length);
            stream.Write(prefix);
            stream.Write(header);
            foreach (var tensor in ordered)
                stream.Write(tensor.Bytes.Span);
        });
    }

    /// <summary>Writes tensors given as plain tuples.</summary>
    /// <inheritdoc cref="Write(string, IEnumerable{SafetensorsTensor}, IReadOnlyDictionary{string, string}?)"/>
    public static void Write(string path, IEnumerable<(string Name, TensorType Type, IReadOnlyList<int> Shape, byte[] Bytes)> tensors, IReadOnlyDictionary<string, string>? metadata = null) =>
        Write(path, tensors.Select(tensor => new SafetensorsTensor(tensor.Name, tensor.Type, tensor.Shape, tensor.Bytes)), metadata);

    private static void Check(List<SafetensorsTensor> tensors)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var tensor in tensors)
        {
            if (tensor.Name == "__metadata__" || !names.Add(tensor.Name))
                throw new ArgumentException($"Tensor name '{tensor.Name}' is reserved or used twice.", nameof(tensors));
            var needed = tensor.Shape.Aggregate((long)tensor.Type.Size(), (product, size) => checked(product * size));
            if (tensor.Bytes.Length != needed)
                throw new ArgumentException($"Tensor '{tensor.Name}' ({tensor.Type} {TensorInfo.Describe(tensor.Shape)}) has {tensor.Bytes.Length} bytes where {needed} are needed.", nameof(tensors));
        }
    }

    private static byte[] BuildHeader(List<SafetensorsTensor> tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            if (metadata is { Count: > 0 })
            {
                json.WriteStartObject("__metadata__");
                foreach (var (key, value) in metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal))
                    json.WriteString(key, value);
                json.WriteEndObject();
            }

            long offset = 0;
            foreach (var tensor in tensors)
            {
                json.WriteStartObject(tensor.Name);
                json.WriteString("dtype", tensor.Type.ToString());
                WriteArray(json, "shape", tensor.Shape.Select(size => (long)size));
                WriteArray(json, "data_offsets", [offset, offset += tensor.Bytes.Length]);
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        var padding = (Alignment - (int)((SafetensorsHeader.PrefixBytes + buffer.Length) % Alignment)) % Alignment;
        buffer.Write(Encoding.ASCII.GetBytes(new string(' ', padding)));
        return buffer.ToArray();
    }

    private static void WriteArray(Utf8JsonWriter json, string name, IEnumerable<long> values)
    {
        json.WriteStartArray(name);
        foreach (var value in values)
            json.WriteNumberValue(value);
        json.WriteEndArray();
    }
}
