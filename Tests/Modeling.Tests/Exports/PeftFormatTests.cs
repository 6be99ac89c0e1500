using FwdLLM.Modeling.Adapters;
using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Compilation;
using FwdLLM.Modeling.Exports;
using FwdLLM.Modeling.Peft;

namespace FwdLLM.Tests.Modeling.Exports;

public sealed class PeftFormatTests
{
    [Fact]
    public void Adapter_that_peft_saved_is_exported_under_its_keys_with_its_values()
    {
        var golden = TestPaths.RequireGolden("minilm", "adapter");
        using var checkpoint = Checkpoint.Open(TestPaths.RequireShared("models", "all-MiniLM-L6-v2"));
        using var folder = new TemporaryFolder();
        var spec = AdapterImport.Specification(golden, checkpoint.Config)!;
        var model = ModelCompiler.Compile(checkpoint, spec, folder.File("model"), withVjp: false);
        var head = new LinearClassifier([.. Enumerable.Range(0, 2 * 384).Select(i => (float)i)], [1, 2]);
        ExportFormats.Write(["peft"], new TrainedModel(model, AdapterImport.Theta(golden, spec, checkpoint), head, ["a", "b"], 64, "all-MiniLM-L6-v2"), folder.File("export"));

        using var expected = SafetensorsFile.Open(Path.Combine(golden, PeftExporter.WeightsFile));
        using var written = SafetensorsFile.Open(folder.File("export/" + PeftExporter.WeightsFile));
        Assert.Equal(expected.Tensors.Keys.Order(StringComparer.Ordinal), written.Tensors.Keys.Order(StringComparer.Ordinal));
        Assert.All(expected.Tensors.Keys, name => Assert.Equal(expected.ReadFloat32(name), written.ReadFloat32(name)));
        using var beside = SafetensorsFile.Open(folder.File("export/head.safetensors"));
        Assert.Equal(head.Weight, beside.ReadFloat32("weight"));
        Assert.Equal([2, 384], beside["weight"].Shape);
    }
}
