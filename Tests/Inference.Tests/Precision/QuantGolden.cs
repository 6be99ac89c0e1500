using System.Runtime.InteropServices;
using System.Text.Json;
using FwdLLM.Modeling.Checkpoints;

namespace FwdLLM.Tests.Inference.Precision;

/// <summary>golden/quant: cases by name, tensors of one case.</summary>
internal sealed class QuantGolden(string group, string name) : IDisposable
{
    private readonly SafetensorsFile _file = SafetensorsFile.Open(TestPaths.RequireGolden("quant", group + ".safetensors"));

    /// <summary>The case in index.json.</summary>
    public JsonElement Case { get; } = Cases(group).Single(item => item.GetProperty("name").GetString() == name);

    /// <summary>Every case of a group; one empty name where the reference data is missing.</summary>
    public static TheoryData<string> Names(string group) => File.Exists(Index) ? [.. Cases(group).Select(item => item.GetProperty("name").GetString()!)] : [""];

    public bool Has(string tensor) => _file.Tensors.ContainsKey($"{name}.{tensor}");

    public float[] Floats(string tensor) => _file.ReadFloat32($"{name}.{tensor}");

    public T[] Read<T>(string tensor)
        where T : unmanaged => MemoryMarshal.Cast<byte, T>(_file.ReadBytes($"{name}.{tensor}")).ToArray();

    /// <summary>[rows, columns] to [columns, rows].</summary>
    public static T[] Transpose<T>(T[] values, int columns) =>
        [.. Enumerable.Range(0, columns).SelectMany(column => Enumerable.Range(0, values.Length / columns).Select(row => values[row * columns + column]))];

    public void Dispose() => _file.Dispose();

    private static string Index => Path.Combine(TestPaths.Golden, "quant", "index.json");

    private static List<JsonElement> Cases(string group)
    {
        TestPaths.RequireGolden("quant", "index.json");
        using var document = JsonDocument.Parse(File.ReadAllBytes(Index));
        return [.. document.RootElement.GetProperty(group).GetProperty("cases").Clone().EnumerateArray()];
    }
}
