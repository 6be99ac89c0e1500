using FwdLLM.Inference;
using FwdLLM.Learning.Heads;
using FwdLLM.Learning.Training;
using FwdLLM.Modeling.Adapters;
using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Compilation;
using FwdLLM.Modeling.Exports;
using FwdLLM.Modeling.Onnx;
using FwdLLM.Modeling.Onnx.Format;
using FwdLLM.Modeling.Precision;

namespace FwdLLM.Tests.Inference.Exports;

/// <summary>Random θ and head, exported, and read by ONNX Runtime alone, against the runtime and head of the training.</summary>
public sealed class ExportRoundTripTests : IDisposable
{
    private const double Tolerance = 1e-5;
    private const int Classes = 3;

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string, int, int> Adapters => new()
    {
        { AdapterKinds.Lora, 0, (int)PoolingKind.Mean },
        { AdapterKinds.Lora, 2, (int)PoolingKind.Pooler },
        { AdapterKinds.LoraXs, 0, (int)PoolingKind.Pooler },
        { AdapterKinds.LoraXs, 1, (int)PoolingKind.Mean },
        { AdapterKinds.LoraXs, 0, (int)PoolingKind.Tokens },
    };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Adapters))]
    public async Task One_file_gives_the_logits_of_the_training(string kind, int firstLayer, int pooling)
    {
        var job = new Job(_folder, kind, firstLayer, (PoolingKind)pooling);
        ExportFormats.Write(["onnx"], job.Trained, _folder.File("export"));
        Assert.Equal(["head.json", "head.safetensors", "model.onnx"], Files("export"));

        var plain = await PlainOnnxRuntime.RunAsync(job.Batch, padding: 0, _folder.File("export/model.onnx"));
        Assert.Equal(["attention_mask", "input_ids", "token_type_ids"], plain.Inputs.Order(StringComparer.Ordinal));
        Assert.Empty(plain.Parameters);
        Assert.Equal(("""["zebra","apple","mint"]""", "48", "bert", kind), (plain.Metadata["labels"], plain.Metadata["max_tokens"], plain.Metadata["architecture"], plain.Metadata["adapter"]));
        job.AssertLogits(plain);
    }

    [Theory]
    [MemberData(nameof(Adapters))]
    public async Task Base_and_adapter_give_the_logits_of_the_training(string kind, int firstLayer, int pooling)
    {
        var job = new Job(_folder, kind, firstLayer, (PoolingKind)pooling);
        ExportFormats.Write(["onnx-adapter"], job.Trained, _folder.File("export"));
        Assert.Equal(["adapter.onnx_adapter", "base.onnx", "head.json", "head.safetensors"], Files("export"));

        var (graph, adapter) = (_folder.File("export/base.onnx"), _folder.File("export/adapter.onnx_adapter"));
        var plain = await PlainOnnxRuntime.RunAsync(job.Batch, padding: 0, graph, adapter);
        var parameters = job.Trained.Model.ToLora(job.Trained.Theta).SelectMany(module => new[] { module.Module + ".lora_A", module.Module + ".lora_B" });
        Assert.Equal(parameters.Concat(["head.bias", "head.weight"]).Order(StringComparer.Ordinal), plain.Parameters);
        job.AssertLogits(plain);
        // Without its adapter the base has no classes to tell apart.
        Assert.All((await PlainOnnxRuntime.RunAsync(job.Batch, padding: 0, graph)).Logits, logit => Assert.Equal(0, logit));
    }

    [Fact]
    public async Task Adapter_that_is_not_merged_stays_in_the_graph_as_constants()
    {
        var job = new Job(_folder, AdapterKinds.LoraXs, 1, PoolingKind.Pooler);
        Directory.CreateDirectory(_folder.File("export"));
        new OnnxFormat { Merges = false }.Write(job.Trained, _folder.File("export"));
        job.AssertLogits(await PlainOnnxRuntime.RunAsync(job.Batch, padding: 0, _folder.File("export/model.onnx")));
    }

    [Fact]
    public async Task Constants_beyond_the_limit_of_one_file_go_into_one_beside_it()
    {
        var job = new Job(_folder, AdapterKinds.Lora, 0, PoolingKind.Mean);
        Directory.CreateDirectory(_folder.File("export"));
        new OnnxFormat { InlineLimit = 1000 }.Write(job.Trained, _folder.File("export"));
        Assert.Equal(["model.onnx", "model.onnx.data"], Files("export"));
        job.AssertLogits(await PlainOnnxRuntime.RunAsync(job.Batch, padding: 0, _folder.File("export/model.onnx")));
    }

    /// <summary>Signed weights would be wrong on some of the CPUs that an exported file may meet.</summary>
    [Theory]
    [InlineData("onnx", "model.onnx")]
    [InlineData("onnx-adapter", "base.onnx")]
    public async Task Int8_products_leave_with_unsigned_weights_and_give_the_logits_of_the_training(string format, string file)
    {
        var job = new Job(_folder, AdapterKinds.LoraXs, 1, PoolingKind.Mean, format: WeightFormats.Int8);
        ExportFormats.Write([format], job.Trained, _folder.File("export"));
        var graph = Model.Parser.ParseFrom(File.ReadAllBytes(_folder.File($"export/{file}"))).Graph;
        var types = graph.Initializer.ToDictionary(tensor => tensor.Name, tensor => tensor.DataType);
        var products = graph.Node.Where(node => node.OpType == Int8Format.ProductOperator).ToList();
        Assert.NotEmpty(products);
        Assert.All(products, product => Assert.Equal(((int)ElementType.UInt8, "const.u128"), (types[product.Input[1]], product.Input[5])));
        job.AssertLogits(await PlainOnnxRuntime.RunAsync(job.Batch, padding: 0, [.. Files("export").Where(name => name.Contains("onnx", StringComparison.Ordinal)).OrderByDescending(name => name == file).Select(name => _folder.File($"export/{name}"))]));
    }

    [Fact]
    public void Jobs_of_one_model_share_the_base()
    {
        var (first, second) = (new Job(_folder, AdapterKinds.LoraXs, 0, PoolingKind.Mean, seed: 1), new Job(_folder, AdapterKinds.LoraXs, 0, PoolingKind.Mean, seed: 2));
        ExportFormats.Write(["onnx-adapter"], first.Trained, _folder.File("first"));
        ExportFormats.Write(["onnx-adapter"], second.Trained, _folder.File("second"));
        Assert.Equal(File.ReadAllBytes(_folder.File("first/base.onnx")), File.ReadAllBytes(_folder.File("second/base.onnx")));
        Assert.NotEqual(File.ReadAllBytes(_folder.File("first/adapter.onnx_adapter")), File.ReadAllBytes(_folder.File("second/adapter.onnx_adapter")));
    }

    [Fact]
    public void Equal_jobs_give_equal_bytes_in_every_format()
    {
        var job = new Job(_folder, AdapterKinds.LoraXs, 0, PoolingKind.Mean);
        string[] formats = ["peft", "onnx", "onnx-adapter"];
        ExportFormats.Write(formats, job.Trained, _folder.File("first"));
        ExportFormats.Write(formats, job.Trained, _folder.File("second"));
        Assert.Equal(7, Files("first").Count);
        foreach (var file in Files("first"))
            Assert.Equal(File.ReadAllBytes(_folder.File($"first/{file}")), File.ReadAllBytes(_folder.File($"second/{file}")));
    }

    [Fact]
    public void What_a_format_cannot_hold_is_refused_before_anything_is_written()
    {
        var job = new Job(_folder, AdapterKinds.Lora, 0, PoolingKind.Mean);
        Refused(["peft", "gguf"], job.Trained, "gguf holds LoRA adapters of llama models, and this is a bert");
        Refused(["peft", "onnx"], job.Trained with { Head = null }, "this job trains no head");
        Refused(["peft"], job.Trained with { Theta = [float.NaN, .. job.Trained.Theta[1..]] }, "not finite");
        Refused(["peft"], job.Trained with { Theta = [1] }, "θ has 1 values");
        Refused(["peft"], job.Trained with { Labels = ["one"] }, "3 classes apart by 24 features; there are 1 labels");
        Assert.Throws<ArgumentException>(() => ExportFormats.Write(["onxx"], job.Trained, _folder.File("export")));
        Assert.False(Directory.Exists(_folder.File("export")));
    }

    public void Dispose() => _folder.Dispose();

    private void Refused(string[] formats, TrainedModel trained, string reason) =>
        Assert.Contains(reason, Assert.Throws<ExportException>(() => ExportFormats.Write(formats, trained, _folder.File("export"))).Message, StringComparison.Ordinal);

    private List<string> Files(string folder) => [.. Directory.GetFiles(_folder.File(folder)).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    /// <summary>A compiled model with random θ, head and standardisation, and the logits it was trained with.</summary>
    private sealed class Job
    {
        private readonly double[] _logits;

        public Job(TemporaryFolder folder, string kind, int firstLayer, PoolingKind pooling, int seed = 21, string format = WeightFormats.Float32)
        {
            var model = ModelCompiler.Compile(
                TinyBert.Source(pooling), new AdapterSpec(kind, 4, 6, AdapterSpec.AllLinear, firstLayer), folder.File(Guid.NewGuid().ToString("n")), withVjp: false, new PrecisionSpec(format, []));
            using var runtime = ModelRuntime.Open(model);
            var width = runtime.FeatureSize;
            var snapshot = new ModelSnapshot
            {
                Version = 1,
                Theta = TinyBert.Values(runtime.Dimension, 0.3f, seed),
                Head = TinyBert.Values(SoftmaxHead.LengthOf(width, Classes), 1, seed + 1),
                FeatureMean = TinyBert.Values(width, 0.5f, seed + 2),
                FeatureScale = [.. TinyBert.Values(width, 0.5f, seed + 3).Select(value => 1 + value)],
                BlockScale = new float[model.Layout.Blocks.Count],
            };
            var head = new SoftmaxHead(Classes, snapshot.FeatureMean, snapshot.FeatureScale, snapshot.Head);
            _logits = head.Logits(runtime.Features(Batch, snapshot.Theta, Cancellation));
            Trained = new TrainedModel(model, snapshot.Theta, LinearClassifier.Fold(snapshot), ["zebra", "apple", "mint"], 48, "tiny");
        }

        public TokenSequence[] Batch { get; } = TinyBert.Batch(5, 12, 9, 1);

        public TrainedModel Trained { get; }

        public void AssertLogits(PlainOnnxRuntime plain)
        {
            var perToken = Trained.Model.Manifest.Pooling == PoolingKind.Tokens;
            Assert.Equal(perToken ? [Batch.Length, 12, Classes] : [Batch.Length, Classes], plain.Shape);
            // Not by chance: the head tells the texts apart.
            Assert.True(_logits.Max() - _logits.Min() > 0.5);
            Golden.AssertClose(_logits, perToken ? plain.TokenLogits(Batch) : Golden.Widen(plain.Logits), Tolerance, Tolerance);
        }
    }
}
