using System.Runtime.InteropServices;
using FwdLLM.Modeling.Adapters;
using FwdLLM.Modeling.Checkpoints.Gguf;
using FwdLLM.Modeling.Compilation;
using FwdLLM.Modeling.Exports;
using FwdLLM.Tests.Modeling.Checkpoints.Gguf;

namespace FwdLLM.Tests.Modeling.Exports;

/// <summary>A written adapter, read by the reader of GGUF files and by the rules that llama.cpp loads adapters by.</summary>
public sealed class GgufLoraTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Kinds => [AdapterKinds.Lora, AdapterKinds.LoraXs];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Adapter_has_the_names_and_shapes_that_llama_cpp_asks_for(string kind)
    {
        Export(kind);
        using var file = GgufFile.Open(_folder.File("export/adapter.gguf"));
        Assert.Equal(3, file.Version);
        Assert.Equal(("llama", "adapter", "lora", "base"), (Text("general.architecture"), Text("general.type"), Text("adapter.type"), Text("general.name")));
        Assert.Equal(kind == AdapterKinds.Lora ? 6 : 4, file.Metadata.FindNumber("adapter.lora.alpha"));
        Assert.Equal(2 * 2 * 7, file.Tensors.Count);
        Assert.All(file.Tensors.Values, tensor => Assert.Equal(GgufTensorType.F32, tensor.Type));
        Assert.Equal((4, 32), Matrix("blk.1.attn_k.weight.lora_a"));
        Assert.Equal((16, 4), Matrix("blk.1.attn_k.weight.lora_b"));
        Assert.Equal((4, 64), Matrix("blk.0.ffn_down.weight.lora_a"));
        Assert.Equal((64, 4), Matrix("blk.0.ffn_gate.weight.lora_b"));
        Assert.Equal(["adapter.gguf", "head.json", "head.safetensors"], Directory.GetFiles(_folder.File("export")).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal));

        string? Text(string key) => file.Metadata.FindText(key);
        (int, int) Matrix(string name) => file.Shape(name) is [var rows, var columns] ? (rows, columns) : default;
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Update_of_every_weight_is_the_trained_one_in_the_rows_of_a_converted_model(string kind)
    {
        var trained = Export(kind);
        File.WriteAllBytes(_folder.File("updates.gguf"), ModelOfUpdates().Build());
        using var file = GgufFile.Open(_folder.File("updates.gguf"));
        var llama = new GgufLlamaTensors(file);
        foreach (var module in trained.Model.ToLora(trained.Theta))
        {
            var expected = Product(module.A, module.B, module.Rank, module.Scaling);
            var actual = llama.ReadFloat32($"model.{module.Module}.weight");
            Assert.Equal(expected.Length, actual.Length);
            for (var index = 0; index < expected.Length; index++)
                Assert.Equal(expected[index], actual[index], 1e-6);
        }
    }

    public void Dispose() => _folder.Dispose();

    private TrainedModel Export(string kind)
    {
        var model = ModelCompiler.Compile(RandomLlama.Source, new AdapterSpec(kind, 4, 6, AdapterSpec.AllLinear), _folder.File("model"), withVjp: false);
        var trained = new TrainedModel(model, RandomLlama.Values(model.Layout.Dimension, 3), new LinearClassifier(new float[64], new float[2]), ["up", "down"], 16, "base");
        ExportFormats.Write(["gguf"], trained, _folder.File("export"));
        return trained;
    }

    /// <summary>A model whose weights are what llama.cpp adds to those of the base, α/r·B·A: zeros where nothing is adapted.</summary>
    private GgufBuilder ModelOfUpdates()
    {
        using var adapter = GgufFile.Open(_folder.File("export/adapter.gguf"));
        var alpha = (float)adapter.Metadata.FindNumber("adapter.lora.alpha")!.Value;
        var builder = new GgufBuilder()
            .Entry("general.architecture", "llama")
            .Entry("llama.block_count", 2)
            .Entry("llama.context_length", 40)
            .Entry("llama.embedding_length", 32)
            .Entry("llama.feed_forward_length", 64)
            .Entry("llama.attention.head_count", 4)
            .Entry("llama.attention.head_count_kv", 2)
            .Entry("llama.attention.layer_norm_rms_epsilon", 1e-5f);
        Add("token_embd.weight", new float[20 * 32], 20, 32);
        Add("output_norm.weight", new float[32], 32);
        for (var layer = 0; layer < 2; layer++)
        {
            Add($"blk.{layer}.attn_norm.weight", new float[32], 32);
            Add($"blk.{layer}.ffn_norm.weight", new float[32], 32);
        }

        foreach (var name in adapter.Tensors.Keys.Where(name => name.EndsWith(".lora_a", StringComparison.Ordinal)).Select(name => name[..^".lora_a".Length]))
        {
            var (a, b) = (adapter[name + ".lora_a"], adapter[name + ".lora_b"]);
            var rank = a.Shape[0];
            Assert.Equal(rank, b.Shape[1]);
            Add(name, Product(adapter.ReadFloat32(a.Name), adapter.ReadFloat32(b.Name), rank, alpha / rank), b.Shape[0], a.Shape[1]);
        }

        return builder;

        void Add(string name, float[] values, params int[] shape) => builder.Tensor(
            name, (uint)GgufTensorType.F32, [.. shape.Reverse().Select(size => (ulong)size)], MemoryMarshal.AsBytes(values.AsSpan()).ToArray());
    }

    /// <summary>factor·B·A, [out, in].</summary>
    private static float[] Product(float[] a, float[] b, int rank, float factor)
    {
        var (rows, columns) = (b.Length / rank, a.Length / rank);
        var product = new float[rows * columns];
        for (var row = 0; row < rows; row++)
            for (var column = 0; column < columns; column++)
                product[row * columns + column] = (float)(factor * Enumerable.Range(0, rank).Sum(k => (double)b[row * rank + k] * a[k * columns + column]));
        return product;
    }
}
