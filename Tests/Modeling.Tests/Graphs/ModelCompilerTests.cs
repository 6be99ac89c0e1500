using FwdLLM.Modeling.Adapters;
using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Compilation;
using FwdLLM.Modeling.Onnx;

namespace FwdLLM.Tests.Modeling.Graphs;

public sealed class ModelCompilerTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Theory]
    [InlineData(AdapterKinds.Lora)]
    [InlineData(AdapterKinds.LoraXs)]
    public void Compiling_twice_gives_the_same_bytes(string kind)
    {
        var spec = RandomBert.Spec with { Kind = kind };
        var first = ModelCompiler.Compile(RandomBert.Source(), spec, _folder.File("first"), withVjp: true);
        var second = ModelCompiler.Compile(RandomBert.Source(), spec with { Targets = [.. spec.Targets.Reverse()] }, _folder.File("second"), withVjp: true);
        Assert.Equal(first.ManifestSha256, second.ManifestSha256);
        second.Verify();
    }

    [Fact]
    public void Manifest_survives_a_round_trip()
    {
        var model = ModelCompiler.Compile(RandomBert.Source(), RandomBert.Spec, _folder.File("model"), withVjp: true);
        Assert.Equal(model.Manifest.ToBytes(), ModelManifest.FromBytes(model.Manifest.ToBytes()).ToBytes());
        Assert.Equal(["prefix", "forward", "jvp", "vjp"], model.Manifest.Graphs.Select(graph => graph.Name));
        Assert.Equal(2 * 6 * 9, model.Layout.Dimension);
    }

    [Fact]
    public void Device_model_has_no_reverse_graph()
    {
        var model = ModelCompiler.Compile(RandomBert.Source(), RandomBert.Spec, _folder.File("model"), withVjp: false);
        Assert.Null(model.Graph("vjp"));
        Assert.False(File.Exists(Path.Combine(model.Folder, "vjp.onnx")));
    }

    [Fact]
    public void Failed_compilation_leaves_nothing_behind()
    {
        Assert.Throws<CheckpointException>(() => ModelCompiler.Compile(RandomBert.Source(missing: "encoder.layer.1.output.dense.bias"), RandomBert.Spec, _folder.File("model"), withVjp: true));
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
    }

    [Fact]
    public void Existing_folder_is_not_overwritten()
    {
        Directory.CreateDirectory(_folder.File("model"));
        Assert.Throws<ArgumentException>(() => ModelCompiler.Compile(RandomBert.Source(), RandomBert.Spec, _folder.File("model"), withVjp: true));
    }

    [Theory]
    [InlineData("weights.bin")]
    [InlineData("jvp.onnx")]
    [InlineData("adapter.bin")]
    public void Verify_finds_a_changed_byte(string file)
    {
        var model = ModelCompiler.Compile(RandomBert.Source(), RandomBert.Spec, _folder.File("model"), withVjp: false);
        var path = Path.Combine(model.Folder, file);
        var bytes = File.ReadAllBytes(path);
        bytes[^1] ^= 1;
        File.WriteAllBytes(path, bytes);
        var error = Assert.Throws<InvalidDataException>(CompiledModel.Open(model.Folder).Verify);
        Assert.Contains(file, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_finds_a_truncated_or_missing_file()
    {
        var model = ModelCompiler.Compile(RandomBert.Source(), RandomBert.Spec, _folder.File("model"), withVjp: false);
        using (var stream = File.OpenWrite(Path.Combine(model.Folder, "weights.bin")))
            stream.SetLength(stream.Length - 1);
        Assert.Throws<InvalidDataException>(() => CompiledModel.Open(model.Folder));
        File.Delete(Path.Combine(model.Folder, "weights.bin"));
        Assert.Throws<InvalidDataException>(() => CompiledModel.Open(model.Folder));
        Assert.Throws<InvalidDataException>(() => CompiledModel.Open(_folder.Path));
    }

    [Fact]
    public void Open_refuses_a_manifest_that_lies()
    {
        var model = ModelCompiler.Compile(RandomBert.Source(), RandomBert.Spec, _folder.File("model"), withVjp: false);
        var good = model.Manifest;
        Refused(model, good with { Format = 1 }, "format 1");
        Refused(model, good with { RowSize = int.MaxValue }, "rows of 2147483647");
        Refused(model, good with { FeatureSize = -1 }, "features of -1");
        Refused(model, good with { Files = [.. good.Files, new ModelFile("../escape", 1, "")] }, "'../escape'");
        Refused(model, good with { Weights = [good.Weights[0] with { Offset = 1L << 40 }] }, good.Weights[0].Name);
        Refused(model, good with { Weights = [good.Weights[0] with { Shape = [int.MaxValue, int.MaxValue] }] }, good.Weights[0].Name);
        Refused(model, good with { Weights = [good.Weights[0] with { Shape = [int.MaxValue, int.MaxValue, int.MaxValue] }] }, good.Weights[0].Name);
        Refused(model, good with { Weights = [good.Weights[0] with { Shape = [-1], Length = -4 }] }, good.Weights[0].Name);
        Refused(model, good with { Weights = [good.Weights[0] with { Type = ElementType.Int64 }] }, good.Weights[0].Name);
        File.WriteAllText(Path.Combine(model.Folder, CompiledModel.ManifestFile), "{\"format\": 1");
        Assert.Throws<InvalidDataException>(() => CompiledModel.Open(model.Folder));
    }

    [Fact]
    public void To_lora_multiplies_the_frozen_factors()
    {
        var model = ModelCompiler.Compile(RandomBert.Source(), RandomBert.Spec, _folder.File("model"), withVjp: false);
        var theta = Enumerable.Range(0, model.Layout.Dimension).Select(index => index * 0.01f).ToArray();
        var module = model.ToLora(theta)[4];
        Assert.Equal(("encoder.layer.0.intermediate.dense", 3, 1f, 16, 24), (module.Module, module.Rank, module.Scaling, module.In, module.Out));
        var svd = TruncatedSvd.Of(new RandomBert().ReadFloat32(module.Module + ".weight"), 24, 16, 3);
        Assert.Equal(svd.ScaledVt, module.A);
        for (var row = 0; row < 24; row++)
            for (var column = 0; column < 3; column++)
                Assert.Equal(Enumerable.Range(0, 3).Sum(k => svd.U[row * 3 + k] * theta[4 * 9 + k * 3 + column]), module.B[row * 3 + column], 1e-6f);
        Assert.Throws<ArgumentException>(() => model.ToLora(new float[3]));
    }

    [Fact]
    public void Cache_compiles_once_and_keeps_specifications_apart()
    {
        var checkpoint = TestPaths.RequireGolden("arch", "bert_seqcls", "model");
        var first = ModelCache.GetOrCompile(checkpoint, RandomBert.Spec, _folder.Path);
        var written = File.GetLastWriteTimeUtc(Path.Combine(first.Folder, CompiledModel.ManifestFile));
        var again = ModelCache.GetOrCompile(checkpoint, RandomBert.Spec with { Targets = [.. RandomBert.Spec.Targets.Reverse()] }, _folder.Path);
        var other = ModelCache.GetOrCompile(checkpoint, RandomBert.Spec with { FirstLayer = 1 }, _folder.Path);
        Assert.Equal(first.Folder, again.Folder);
        Assert.Equal(written, File.GetLastWriteTimeUtc(Path.Combine(again.Folder, CompiledModel.ManifestFile)));
        Assert.NotEqual(first.Folder, other.Folder);
    }

    public void Dispose() => _folder.Dispose();

    private static void Refused(CompiledModel model, ModelManifest manifest, string expected)
    {
        File.WriteAllBytes(Path.Combine(model.Folder, CompiledModel.ManifestFile), manifest.ToBytes());
        var error = Assert.Throws<InvalidDataException>(() => CompiledModel.Open(model.Folder));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }
}
