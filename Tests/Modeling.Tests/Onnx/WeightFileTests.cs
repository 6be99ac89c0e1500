using FwdLLM.Modeling.Onnx;

namespace FwdLLM.Tests.Modeling.Onnx;

public sealed class WeightFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void Tensors_of_every_type_lie_at_their_offsets()
    {
        var path = _folder.File("weights.bin");
        WeightEntry[] entries;
        using (var file = new WeightFile(path))
        {
            file.Add("float", new[] { 1f, 2f }, 2);
            file.Add("unsigned", new byte[] { 3, 250, 5 }, 3);
            file.Add("signed", new sbyte[] { -3, 4 }, 1, 2);
            file.Add("int", new[] { -5 }, 1);
            file.Add("long", new[] { 6L }, 1);
            entries = [.. file.Entries];
        }

        Assert.Equal([ElementType.Float32, ElementType.UInt8, ElementType.Int8, ElementType.Int32, ElementType.Int64], entries.Select(entry => entry.Type));
        Assert.Equal([8, 3, 2, 4, 8], entries.Select(entry => entry.Length));
        var bytes = File.ReadAllBytes(path);
        Assert.Equal([3, 250, 5], bytes.AsSpan((int)entries[1].Offset, 3).ToArray());
        Assert.Equal([253, 4], bytes.AsSpan((int)entries[2].Offset, 2).ToArray());
        Assert.Equal(-5, BitConverter.ToInt32(bytes, (int)entries[3].Offset));
    }

    [Fact]
    public void Other_types_are_refused()
    {
        using var file = new WeightFile(_folder.File("weights.bin"));
        Assert.Contains("Double", Assert.Throws<ArgumentException>(() => file.Add("double", new[] { 1.0 }, 1)).Message, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();
}
