using System.Buffers.Binary;
using System.Text;
using FwdLLM.Modeling.Checkpoints;

namespace FwdLLM.Tests.Modeling.Checkpoints;

public sealed class SafetensorsTests
{
    [Fact]
    public void Every_reference_file_opens_and_every_float_tensor_is_finite()
    {
        var files = Directory.GetFiles(TestPaths.RequireGolden(), "*.safetensors", SearchOption.AllDirectories);
        Assert.True(files.Length > 40);
        foreach (var path in files)
        {
            using var file = SafetensorsFile.Open(path);
            Assert.All(file.Tensors.Values.Where(tensor => tensor.Type.IsFloat()), tensor =>
                Assert.True(file.ReadFloat32(tensor.Name) is var values && values.Length == tensor.Count && values.All(float.IsFinite), $"{path} {tensor.Name}"));
        }
    }

    [Fact]
    public void Float_types_widen_exactly()
    {
        using var folder = new TemporaryFolder();
        var doubles = new byte[16];
        BinaryPrimitives.WriteDoubleLittleEndian(doubles, 0.1);
        BinaryPrimitives.WriteDoubleLittleEndian(doubles.AsSpan(8), -2);
        SafetensorsWriter.Write(folder.File("f"),
        [
            ("double", TensorType.F64, [2], doubles),
            ("half", TensorType.F16, [3], [0x00, 0x3C, 0x01, 0x00, 0x00, 0xC0]),
            ("brain", TensorType.BF16, [2], [0x80, 0x3F, 0x49, 0x40]),
            ("byte", TensorType.I8, [2], [0x80, 0x7F]),
        ]);
        using var file = SafetensorsFile.Open(folder.File("f"));
        Assert.Equal([0.1f, -2], file.ReadFloat32("double"));
        Assert.Equal([1, 5.9604645E-08f, -2], file.ReadFloat32("half"));
        Assert.Equal([1, 3.140625f], file.ReadFloat32("brain"));
        Assert.Equal([-128, 127], file.ReadInt8("byte"));
        Assert.Throws<CheckpointException>(() => file.ReadFloat32("byte"));
        Assert.Throws<CheckpointException>(() => file.ReadInt8("half"));
        Assert.Throws<CheckpointException>(() => file.ReadBytes("nothing"));
    }

    [Fact]
    public void Written_bytes_do_not_depend_on_the_order_and_tensors_are_aligned()
    {
        using var folder = new TemporaryFolder();
        SafetensorsTensor[] tensors =
        [
            SafetensorsTensor.Int8("a", [3], [1, 2, 3]),
            SafetensorsTensor.Float32("b", [], [1]),
            new("c", TensorType.I64, [1], new byte[8]),
            SafetensorsTensor.Float32("empty", [0, 7], []),
        ];
        SafetensorsWriter.Write(folder.File("1"), tensors, new Dictionary<string, string> { ["x"] = "1", ["é"] = "2" });
        SafetensorsWriter.Write(folder.File("2"), tensors.Reverse(), new Dictionary<string, string> { ["é"] = "2", ["x"] = "1" });
        Assert.Equal(File.ReadAllBytes(folder.File("1")), File.ReadAllBytes(folder.File("2")));
        using var file = SafetensorsFile.Open(folder.File("1"));
        Assert.All(file.Tensors.Values, tensor => Assert.Equal(0, tensor.Offset % tensor.Type.Size()));
        Assert.Equal("2", file.Metadata["é"]);
        Assert.Equal(2, Directory.GetFiles(folder.Path).Length);
    }

    [Fact]
    public void Writer_refuses_bytes_that_do_not_fit_and_names_used_twice()
    {
        using var folder = new TemporaryFolder();
        var good = SafetensorsTensor.Float32("a", [1], [1]);
        Assert.Throws<ArgumentException>(() => SafetensorsWriter.Write(folder.File("f"), [good, good]));
        Assert.Throws<ArgumentException>(() => SafetensorsWriter.Write(folder.File("f"), [good with { Shape = [2] }]));
        Assert.Throws<ArgumentException>(() => SafetensorsWriter.Write(folder.File("f"), [good with { Name = "__metadata__" }]));
        Assert.Empty(Directory.GetFiles(folder.Path));
    }

    [Theory]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", "'a'")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[2,6]}}""", "'b'")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", "hole")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", "4 bytes that belong to no tensor")]
    [InlineData("""{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,12]}}""", "12 of a data section of 8")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2147483647,2147483647,2147483647,2147483647],"data_offsets":[0,8]}}""", "'a'")]
    [InlineData("""{"a":{"dtype":"F32","shape":[-1,-2],"data_offsets":[0,8]}}""", "shape")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4294967298],"data_offsets":[0,8]}}""", "shape")]
    [InlineData("""{"a":{"dtype":"F33","shape":[2],"data_offsets":[0,8]}}""", "'F33'")]
    [InlineData("""{"a":{"dtype":"9","shape":[1],"data_offsets":[0,8]}}""", "'9'")]
    [InlineData("""{"a":{"dtype":"18","shape":[1],"data_offsets":[0,8]}}""", "'18'")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[0],"data_offsets":[8,8]}}""", "twice")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"shape":[2],"data_offsets":[0,8]}}""", "'shape'")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}""", "8 to 0")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8,9]}}""", "data_offsets")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2]}}""", "data_offsets")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}} x""", "JSON")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}""", "JSON")]
    [InlineData("[]", "StartArray")]
    public void Header_that_lies_is_refused_with_file_and_reason(string header, string reason)
    {
        using var folder = new TemporaryFolder();
        var path = WriteRaw(folder, header, dataBytes: 8);
        var error = Assert.Throws<CheckpointException>(() => SafetensorsFile.Open(path).Dispose());
        Assert.Contains(path, error.Message, StringComparison.Ordinal);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(7, 0)]
    [InlineData(16, 9)]
    [InlineData(16, 100_000_001)]
    [InlineData(16, -1)]
    public void Header_length_beyond_the_file_is_refused(int fileBytes, long headerBytes)
    {
        using var folder = new TemporaryFolder();
        var bytes = new byte[Math.Max(fileBytes, 8)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, headerBytes);
        File.WriteAllBytes(folder.File("f"), bytes[..fileBytes]);
        Assert.Throws<CheckpointException>(() => SafetensorsFile.Open(folder.File("f")).Dispose());
    }

    [Fact]
    public void Missing_file_and_folder_in_its_place_are_refused()
    {
        using var folder = new TemporaryFolder();
        Assert.Throws<CheckpointException>(() => SafetensorsFile.Open(folder.File("none")).Dispose());
        Assert.Throws<CheckpointException>(() => SafetensorsFile.Open(folder.Path).Dispose());
    }

    [Fact]
    public void Mutated_files_read_or_are_refused_and_never_allocate_beyond_their_size()
    {
        const int mutations = 2_000;
        const long slack = 128 * 1024;
        using var folder = new TemporaryFolder();
        new TinyBert(pooler: true).Write(folder.Path);
        var path = folder.File("model.safetensors");
        var valid = File.ReadAllBytes(path);
        var random = new Random(20261);
        int read = 0, refused = 0;
        for (var i = 0; i < mutations; i++)
        {
            var mutated = SafetensorsMutator.Mutate(valid, random);
            File.WriteAllBytes(path, mutated);
            var before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                using var file = SafetensorsFile.Open(path);
                foreach (var tensor in file.Tensors.Values)
                    Assert.Equal(tensor.Length, tensor.Type.IsFloat() ? file.ReadFloat32(tensor.Name).Length * tensor.Type.Size() : file.ReadBytes(tensor.Name).Length);
                read++;
            }
            catch (CheckpointException)
            {
                refused++;
            }

            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 2 * mutated.Length + slack);
        }

        // Both ends must be reached, or the mutations test nothing.
        Assert.InRange(read, mutations / 20, mutations);
        Assert.InRange(refused, mutations / 20, mutations);
    }

    private static string WriteRaw(TemporaryFolder folder, string header, int dataBytes)
    {
        var text = Encoding.UTF8.GetBytes(header);
        var bytes = new byte[8 + text.Length + dataBytes];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, text.Length);
        text.CopyTo(bytes.AsSpan(8));
        File.WriteAllBytes(folder.File("raw.safetensors"), bytes);
        return folder.File("raw.safetensors");
    }
}
