using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Checkpoints.Gguf;

namespace FwdLLM.Tests.Modeling.Checkpoints.Gguf;

public sealed class GgufHostileTests : IDisposable
{
    private const uint F32 = (uint)GgufTensorType.F32;
    private readonly TemporaryFolder _folder = new();

    private string Path => _folder.File("model.gguf");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Magic_and_version_are_checked()
    {
        Refused(new GgufBuilder { Version = 1 }, "version 1");
        Refused(new GgufBuilder { Version = 4 }, "version 4");
        Refused(new GgufBuilder { Version = 0x0300_0000 }, "big-endian");
        RefusedBytes([.. "GGML"u8, .. new GgufBuilder().Build()[4..]], "does not start with GGUF");
        RefusedBytes([.. "GGUF"u8], "4 bytes");
        RefusedBytes([], "0 bytes");
        Assert.Throws<CheckpointException>(() => GgufFile.Open(_folder.File("none")));
        Assert.Throws<CheckpointException>(() => GgufFile.Open(_folder.Path));
    }

    [Theory]
    [InlineData(2u)]
    [InlineData(3u)]
    public void File_without_tensors_and_metadata_is_read(uint version)
    {
        File.WriteAllBytes(Path, new GgufBuilder { Version = version }.Build());
        using var file = GgufFile.Open(Path);
        Assert.Equal((int)version, file.Version);
        Assert.Empty(file.Tensors);
        Assert.Empty(file.Metadata.Values);
    }

    [Fact]
    public void Counts_beyond_the_file_are_refused()
    {
        Refused(new GgufBuilder { TensorCount = ulong.MaxValue }, "18446744073709551615 entries for tensors");
        Refused(new GgufBuilder { EntryCount = 1 }, "1 entries for metadata");
        Refused(new GgufBuilder().Entry("k", GgufValueKind.String, writer => writer.Write(ulong.MaxValue)), "18446744073709551615 bytes of text");
        Refused(new GgufBuilder().Entry("k", GgufValueKind.Array, writer => Array(writer, GgufValueKind.UInt8, 1UL << 40)), "1099511627776 entries for k");
        Refused(new GgufBuilder().Entry("k", GgufValueKind.Array, writer => Array(writer, GgufValueKind.Array, 1)), "1 entries for k");
        Refused(new GgufBuilder().Entry(new string('k', 65_536), 1), "65535 is the limit");
    }

    [Fact]
    public void Metadata_that_lies_is_refused()
    {
        Refused(new GgufBuilder().Entry("k", 1).Entry("k", "2"), "'k' twice");
        Refused(new GgufBuilder().Entry("k", (GgufValueKind)13, writer => writer.Write(0)), "kind 13");
        Refused(new GgufBuilder().Entry("k", GgufValueKind.Bool, writer => writer.Write((byte)2)), "holds 2");
        Refused(new GgufBuilder().Entry("k", GgufValueKind.String, writer => writer.Write([1, 0, 0, 0, 0, 0, 0, 0, 0xFF])), "UTF-8");
        Refused(new GgufBuilder().Entry("k", GgufValueKind.Array, writer => Nest(writer, 1_000)), "nests");
        Refused(new GgufBuilder().Entry("general.alignment", 0), "alignment");
        Refused(new GgufBuilder().Entry("general.alignment", 24), "UInt32 24");
        Refused(new GgufBuilder().Entry("general.alignment", "32"), "String 32");
    }

    [Fact]
    public void Nested_arrays_are_read()
    {
        File.WriteAllBytes(Path, TinyGgufLlama.Metadata().Entry("deep", GgufValueKind.Array, writer => Nest(writer, 6)).Build());
        using var file = GgufFile.Open(Path);
        var nested = file.Metadata.Values["nested"];
        Assert.Equal(GgufValueKind.Array, nested.ElementKind);
        var inner = Assert.IsType<GgufValue[]>(nested.Content);
        Assert.Equal([GgufValueKind.UInt8, GgufValueKind.UInt8], inner.Select(value => value.ElementKind!.Value));
        Assert.Equal(new byte[] { 1, 2 }, inner[0].Content);
        Assert.Equal(System.Array.Empty<byte>(), inner[1].Content);
    }

    [Fact]
    public void Tensors_that_lie_are_refused()
    {
        var four = new byte[4];
        Refused(new GgufBuilder().Tensor("a", F32, [1], four).Tensor("a", F32, [1], four), "'a' twice");
        Refused(new GgufBuilder().Tensor("a", F32, [2], four), "8 bytes) at byte 0 of a data section of 4");
        Refused(new GgufBuilder().Tensor("a", F32, [1], four, offset: 32), "at byte 32");
        Refused(new GgufBuilder().Tensor("a", F32, [1], four, offset: 0x7FFF_FFFF_FFFF_FFE0), "at byte 9223372036854775776");
        Refused(new GgufBuilder().Tensor("a", F32, [1], four, offset: ulong.MaxValue - 31), "alignment");
        Refused(new GgufBuilder().Tensor("a", F32, [1], new byte[64], offset: 4), "data byte 4");
        Refused(new GgufBuilder().Tensor("a", F32, [16], new byte[64]).Tensor("b", F32, [16], new byte[64], offset: 32), "'b'");
        Refused(new GgufBuilder().Tensor("a", F32, [1UL << 31], four), "2147483648");
        Refused(new GgufBuilder().Tensor("a", F32, [int.MaxValue, int.MaxValue, int.MaxValue, int.MaxValue], four), "'a'");
        Refused(new GgufBuilder().Tensor("a", F32, [1, 1, 1, 1, 1], four), "5 dimensions");
        Refused(new GgufBuilder().Tensor("a", 16, [256], new byte[66]), "type number 16");
        Refused(new GgufBuilder().Tensor("a", uint.MaxValue, [1], four), "type number 4294967295");
        Refused(new GgufBuilder().Tensor("a", (uint)GgufTensorType.Q4_0, [16, 2], new byte[18]), "multiple of the 32");
        Refused(new GgufBuilder().Tensor(new string('a', 65), F32, [1], four), "64 is the limit");
        Refused(new GgufBuilder().Entry("general.alignment", 1u << 31).Tensor("a", F32, [1], four), "data section of 0 bytes");
    }

    [Fact]
    public void Tensors_without_elements_and_scalars_are_read()
    {
        File.WriteAllBytes(Path, new GgufBuilder()
            .Tensor("empty", F32, [0, 7], [])
            .Tensor("scalar", F32, [], BitConverter.GetBytes(1.5f))
            .Build());
        using var file = GgufFile.Open(Path);
        Assert.Empty(file.ReadFloat32("empty"));
        Assert.Empty(file.ReadBytes("empty"));
        Assert.Equal([7, 0], file.Shape("empty"));
        Assert.Equal([1.5f], file.ReadFloat32("scalar"));
        Assert.Contains("'other'", Assert.Throws<CheckpointException>(() => file.ReadFloat32("other")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Rows_outside_a_tensor_and_parts_of_rows_are_refused()
    {
        File.WriteAllBytes(Path, TinyGgufLlama.Metadata().WithTensors().Build());
        using var file = GgufFile.Open(Path);
        var (name, hugging) = ("blk.0.attn_q.weight", "model.layers.0.self_attn.q_proj.weight");
        var tensors = new GgufLlamaTensors(file);
        foreach (var (row, length) in ((long, int)[])[(32, 32), (-1, 32), (0, 31), (0, 33 * 32), (long.MaxValue, 32)])
        {
            Assert.Throws<ArgumentException>(() => file.ReadRows(name, row, new float[length]));
            Assert.Throws<ArgumentException>(() => tensors.ReadRows(hugging, row, new float[length]));
            Assert.Throws<ArgumentException>(() => file.CopyRows(name, row, new byte[length / 32 * 18 + length % 32]));
            Assert.Throws<ArgumentException>(() => tensors.CopyRows(hugging, row, new byte[length / 32 * 18 + length % 32]));
        }
    }

    [Fact]
    public void Damaged_files_read_or_are_refused()
    {
        var valid = TinyGgufLlama.Metadata().WithTensors().Build();
        FileFuzz.Mutate(Path, valid, ReadAll);
    }

    [Fact]
    public void File_that_is_cut_off_anywhere_is_refused()
    {
        var valid = TinyGgufLlama.Metadata().WithTensors().Build();
        FileFuzz.Truncate(Path, valid, ReadAll);
    }

    private void ReadAll()
    {
        using var file = GgufFile.Open(Path);
        foreach (var tensor in file.Tensors.Values)
        {
            Assert.Equal(tensor.Count, file.ReadFloat32(tensor.Name).Length);
            Assert.Equal(tensor.Length, tensor.Rows * tensor.RowBytes);
        }

        Assert.NotEmpty(GgufTokenizerData.Read(file.Metadata).Tokens);
        Assert.Contains("model.norm.weight", new GgufLlamaTensors(file).Names);
    }

    private void Refused(GgufBuilder builder, string reason) => RefusedBytes(builder.Build(), reason);

    private void RefusedBytes(byte[] bytes, string reason)
    {
        File.WriteAllBytes(Path, bytes);
        var error = Assert.Throws<CheckpointException>(() => GgufFile.Open(Path));
        Assert.Contains(Path, error.Message, StringComparison.Ordinal);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    private static void Array(BinaryWriter writer, GgufValueKind kind, ulong count)
    {
        writer.Write((uint)kind);
        writer.Write(count);
    }

    private static void Nest(BinaryWriter writer, int depth)
    {
        for (var i = 0; i < depth; i++)
            Array(writer, GgufValueKind.Array, 1);
        Array(writer, GgufValueKind.UInt8, 0);
    }
}
