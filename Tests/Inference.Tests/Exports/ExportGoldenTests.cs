using FwdLLM.Modeling.Adapters;
using FwdLLM.Modeling.Architectures;
using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Compilation;
using FwdLLM.Modeling.Exports;
using FwdLLM.Modeling.Peft;

namespace FwdLLM.Tests.Inference.Exports;

/// <summary>Adapters that peft trained, exported, and read by ONNX Runtime alone, against peft's logits in double precision.</summary>
public sealed class ExportGoldenTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Cases => GoldenCase.Names("peft");

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Logits_match_the_reference(string name)
    {
        var golden = GoldenCase.Require("peft", name);
        using var checkpoint = Checkpoint.Open(golden.Base.PathOf("model"));
        var spec = AdapterImport.Specification(golden.PathOf("adapter"), checkpoint.Config);
        Assert.SkipWhen(spec is null, $"no registered adapter kind reads '{golden.Method}'");
        var (batch, _) = Golden.Inputs(golden.Base.PathOf("inputs.json"));
        var tensors = new TrainedTensors(golden, checkpoint, spec);
        var source = GoldenHead.Source(golden.Task, checkpoint);
        var model = ModelCompiler.Compile(source with { Tensors = new OverlaidTensors(checkpoint, tensors.Frozen(-1, 0)) }, spec, _folder.File("model"), withVjp: false);
        var head = golden.Task == "qa" ? QuestionHead(golden, checkpoint) : tensors.Head(-1);
        var trained = new TrainedModel(
            model, AdapterImport.Theta(golden.PathOf("adapter"), spec, checkpoint),
            new LinearClassifier(Array.ConvertAll(head.Weight, value => (float)value), Array.ConvertAll(head.Bias, value => (float)value)), [], 64, name);
        var expected = GoldenHead.Logits(golden.Task, golden.PathOf("expected.safetensors"), batch);

        ExportFormats.Write(["onnx"], trained, _folder.File("export"));
        AssertLogits(await PlainOnnxRuntime.RunAsync(batch, checkpoint.Config.PadTokenId ?? 0, _folder.File("export/model.onnx")));
        if (spec.Kind != AdapterKinds.Lora)
        {
            Assert.Contains(spec.Kind, Assert.Throws<ExportException>(() => ExportFormats.Write(["onnx-adapter"], trained, _folder.File("refused"))).Message, StringComparison.Ordinal);
            return;
        }

        ExportFormats.Write(["onnx-adapter"], trained, _folder.File("export"));
        AssertLogits(await PlainOnnxRuntime.RunAsync(batch, checkpoint.Config.PadTokenId ?? 0, _folder.File("export/base.onnx"), _folder.File("export/adapter.onnx_adapter")));

        void AssertLogits(PlainOnnxRuntime plain) =>
            Golden.AssertClose(expected, source.Pooling == PoolingKind.Tokens ? plain.TokenLogits(batch) : Golden.Widen(plain.Logits), 2e-5);
    }

    public void Dispose() => _folder.Dispose();

    private static LinearHead QuestionHead(GoldenCase golden, Checkpoint checkpoint)
    {
        using var file = SafetensorsFile.Open(Path.Combine(golden.PathOf("adapter"), PeftExporter.WeightsFile));
        var names = AdapterImport.SavedNames(file, checkpoint.Config);
        var shape = KnownArchitectures.Get(checkpoint.Config.Architecture).Heads(checkpoint.Config).Single(head => head.Module == "qa_outputs");
        return LinearHead.Read(shape, name => file.ReadFloat32(names[name]));
    }
}
