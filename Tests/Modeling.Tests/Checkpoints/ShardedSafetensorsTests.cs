using System.Text;
using FwdLLM.Modeling.Checkpoints;

namespace FwdLLM.Tests.Modeling.Checkpoints;

public sealed class ShardedSafetensorsTests : IDisposable
{
    private const string First = "model-00001-of-00002.safetensors";
    private const string Second = "model-00002-of-00002.safetensors";
    private const string Valid = $$"""{"metadata":{"total_size":19},"weight_map":{"a":"{{First}}","b":"{{Second}}","c":"{{First}}"} }""";
    private readonly TemporaryFolder _folder = new();

    public ShardedSafetensorsTests()
    {
        SafetensorsWriter.Write(_folder.File(First), [SafetensorsTensor.Float32("a", [2], [1, 2]), SafetensorsTensor.Int8("c", [3], [1, 2, 3])]);
        SafetensorsWriter.Write(_folder.File(Second), [SafetensorsTensor.Float32("b", [2, 1], [3, 4]), SafetensorsTensor.Float32("unlisted", [1], [0])]);
        WriteIndex(Valid);
    }

    private string Index => _folder.File(TensorFiles.IndexFile);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Tensors_of_all_shards_stand_side_by_side()
    {
        using var file = TensorFiles.Open(_folder.Path);
        Assert.Equal(Index, file.Path);
        Assert.Equal(["a", "b", "c"], file.Tensors.Keys.Order());
        Assert.Equal([1, 2], file.ReadFloat32("a"));
        Assert.Equal([3, 4], file.ReadFloat32("b"));
        Assert.Equal([2, 1], file.Shape("b"));
        Assert.Equal([1, 2, 3], file.ReadInt8("c"));
        Assert.Equal([1, 2, 3], file.ReadBytes("c"));
        var tail = new byte[2];
        file.CopyBytes(file["c"], 1, tail);
        Assert.Equal([2, 3], tail);
        Assert.False(file.Contains("unlisted"));
        Assert.Contains("'unlisted'", Assert.Throws<CheckpointException>(() => file.ReadFloat32("unlisted")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Single_file_goes_before_the_index_and_a_folder_with_neither_is_refused()
    {
        SafetensorsWriter.Write(_folder.File(TensorFiles.SingleFile), [SafetensorsTensor.Float32("single", [1], [1])]);
        using (var file = TensorFiles.Open(_folder.Path))
            Assert.Equal("single", Assert.Single(file.Tensors).Key);
        using var empty = new TemporaryFolder();
        Assert.Contains(TensorFiles.IndexFile, Assert.Throws<CheckpointException>(() => TensorFiles.Open(empty.Path)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"weight_map":{"a":"model-00003-of-00003.safetensors"}}""", "model-00003-of-00003.safetensors")]
    [InlineData("""{"weight_map":{"a":"../model-00001-of-00002.safetensors"}}""", "'../model-00001-of-00002.safetensors'")]
    [InlineData("""{"weight_map":{"a":"..\\model-00001-of-00002.safetensors"}}""", "same folder")]
    [InlineData("""{"weight_map":{"a":"/etc/a.safetensors"}}""", "'/etc/a.safetensors'")]
    [InlineData("""{"weight_map":{"a":"C:a.safetensors"}}""", "same folder")]
    [InlineData("""{"weight_map":{"a":"pytorch_model.bin"}}""", "'pytorch_model.bin'")]
    [InlineData("""{"weight_map":{"a":""}}""", "''")]
    [InlineData("""{"weight_map":{"b":"model-00001-of-00002.safetensors"}}""", "'b' in model-00001-of-00002.safetensors")]
    [InlineData("""{"weight_map":{"a":"model-00001-of-00002.safetensors","a":"model-00002-of-00002.safetensors"}}""", "JSON")]
    [InlineData("""{"weight_map":{"a":1}}""", "Number")]
    [InlineData("""{"weight_map":{"\ud800":"model-00001-of-00002.safetensors"}}""", "surrogate")]
    [InlineData("""{"weight_map":{"a":"\ud800.safetensors"}}""", "surrogate")]
    [InlineData("""{"weight_map":{}}""", "weight_map")]
    [InlineData("""{"weight_map":[]}""", "weight_map")]
    [InlineData("{}", "weight_map")]
    [InlineData("[]", "Array")]
    public void Index_that_lies_is_refused_with_the_reason(string index, string reason)
    {
        WriteIndex(index);
        var error = Assert.Throws<CheckpointException>(() => TensorFiles.Open(_folder.Path));
        Assert.Contains(_folder.Path, error.Message, StringComparison.Ordinal);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Damaged_indexes_and_shards_read_or_are_refused()
    {
        FileFuzz.Mutate(Index, Encoding.UTF8.GetBytes(Valid), ReadAll);
        FileFuzz.Mutate(_folder.File(First), File.ReadAllBytes(_folder.File(First)), ReadAll);
    }

    [Fact]
    public void Index_and_shard_that_are_cut_off_anywhere_are_refused()
    {
        FileFuzz.Truncate(Index, Encoding.UTF8.GetBytes(Valid), ReadAll);
        FileFuzz.Truncate(_folder.File(First), File.ReadAllBytes(_folder.File(First)), ReadAll);
    }

    private void WriteIndex(string json) => File.WriteAllText(Index, json);

    private void ReadAll()
    {
        using var file = TensorFiles.Open(_folder.Path);
        foreach (var tensor in file.Tensors.Values)
            Assert.Equal(tensor.Count, tensor.Type.IsFloat() ? file.ReadFloat32(tensor.Name).Length : file.ReadBytes(tensor.Name).Length / tensor.Type.Size());
    }
}
