using System.Text.Json;
using FwdLLM.Modeling.Adapters;
using FwdLLM.Modeling.Architectures;
using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Compilation;
using FwdLLM.Modeling.Peft;
using FwdLLM.Tests.Modeling.Graphs;

namespace FwdLLM.Tests.Modeling.Adapters;

public sealed class AdapterExportTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Cases
    {
        get
        {
            var folder = Path.Combine(TestPaths.Golden, "peft");
            return Directory.Exists(folder) ? [.. Directory.GetDirectories(folder).Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal)] : [""];
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Golden_adapter_is_written_with_the_tensors_it_had(string name)
    {
        var (adapter, model) = Require(name);
        using var checkpoint = Checkpoint.Open(model);
        using var file = SafetensorsFile.Open(Path.Combine(adapter, PeftExporter.WeightsFile));
        var spec = AdapterImport.Specification(adapter, checkpoint.Config)!;
        var plan = AdapterPlan.Create(spec, checkpoint.Config, checkpoint.Pooling, checkpoint);
        var names = AdapterImport.SavedNames(file, checkpoint.Config);
        var values = plan.Adapter.Parameters.Select(parameter => file.ReadFloat32(names[parameter.SavedAs!])).ToList();
        var target = _folder.File("adapter");
        AdapterExport.Write(target, plan, checkpoint.Config, values, Heads(file, names, plan), PeftTask.SequenceClassification, "base");

        using var written = SafetensorsFile.Open(Path.Combine(target, PeftExporter.WeightsFile));
        Assert.Equal(file.Tensors.Keys.Order(), written.Tensors.Keys.Order());
        Assert.All(file.Tensors.Values, tensor =>
        {
            Assert.Equal(tensor.Shape, written[tensor.Name].Shape);
            Assert.Equal(file.ReadBytes(tensor.Name), written.ReadBytes(tensor.Name));
        });
        var again = AdapterImport.Specification(target, checkpoint.Config)!;
        Assert.Equal(JsonSerializer.Serialize(spec), JsonSerializer.Serialize(again));
        Assert.Equal(AdapterImport.Theta(adapter, spec, checkpoint), AdapterImport.Theta(target, again, checkpoint));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Theta_of_a_golden_adapter_is_written_as_what_it_was_read_from(string name)
    {
        var (adapter, model) = Require(name);
        using var checkpoint = Checkpoint.Open(model);
        var spec = AdapterImport.Specification(adapter, checkpoint.Config)!;
        var theta = AdapterImport.Theta(adapter, spec, checkpoint);
        var compiled = ModelCompiler.Compile(checkpoint, spec, _folder.File("model"), withVjp: false);
        AdapterExport.Write(_folder.File("first"), compiled, theta, [], PeftTask.SequenceClassification, "base");
        var again = AdapterImport.Theta(_folder.File("first"), compiled.Manifest.Adapter, checkpoint);
        AdapterExport.Write(_folder.File("second"), compiled, again, [], PeftTask.SequenceClassification, "base");

        using var file = SafetensorsFile.Open(Path.Combine(adapter, PeftExporter.WeightsFile));
        using var written = SafetensorsFile.Open(Path.Combine(_folder.File("first"), PeftExporter.WeightsFile));
        // A value is saved as its sum with the origin, rounded to a float.
        Assert.All(written.Tensors.Keys, key => Assert.All(file.ReadFloat32(key).Zip(written.ReadFloat32(key)), pair => Assert.Equal(pair.First, pair.Second, 6e-8f * Math.Max(1, Math.Abs(pair.First)))));
        foreach (var part in new[] { PeftExporter.ConfigFile, PeftExporter.WeightsFile })
            Assert.Equal(File.ReadAllBytes(Path.Combine(_folder.File("first"), part)), File.ReadAllBytes(Path.Combine(_folder.File("second"), part)));
    }

    [Fact]
    public void Ia3_config_says_what_peft_reads()
    {
        using var config = Export(AdapterSpec.Ia3 with { FirstLayer = 1 });
        var root = config.RootElement;
        Assert.Equal(("IA3", "FEATURE_EXTRACTION"), (root.GetProperty("peft_type").GetString(), root.GetProperty("task_type").GetString()));
        Assert.Equal(["encoder.layer.1.output.dense"], root.GetProperty("feedforward_modules").EnumerateArray().Select(name => name.GetString()));
        Assert.Equal(
            ["encoder.layer.1.attention.self.key", "encoder.layer.1.attention.self.value", "encoder.layer.1.output.dense"],
            root.GetProperty("target_modules").EnumerateArray().Select(name => name.GetString()));
    }

    [Fact]
    public void Rank_stabilised_lora_keeps_its_alpha()
    {
        using var config = Export(AdapterSpec.LoraQueryValue with { RankStabilised = true });
        var root = config.RootElement;
        Assert.True(root.GetProperty("use_rslora").GetBoolean());
        Assert.Equal((8, 16.0), (root.GetProperty("r").GetInt32(), root.GetProperty("lora_alpha").GetDouble()));
        Assert.All(PeftAdapter.Read(_folder.File("adapter")).Matrices, matrix => Assert.Equal((float)(16 / Math.Sqrt(8)), matrix.Scaling));
    }

    [Fact]
    public void Theta_of_another_length_is_refused()
    {
        var model = ModelCompiler.Compile(RandomBert.Source(), AdapterSpec.BitFit, _folder.File("model"), withVjp: false);
        Assert.Throws<ArgumentException>(() => AdapterExport.Write(_folder.File("adapter"), model, new float[3], [], PeftTask.FeatureExtraction, "base"));
    }

    public void Dispose() => _folder.Dispose();

    private JsonDocument Export(AdapterSpec spec)
    {
        var model = ModelCompiler.Compile(RandomBert.Source(), spec, _folder.File("model"), withVjp: false);
        AdapterExport.Write(_folder.File("adapter"), model, new float[model.Layout.Dimension], [], PeftTask.FeatureExtraction, "base");
        return JsonDocument.Parse(File.ReadAllText(Path.Combine(_folder.File("adapter"), PeftExporter.ConfigFile)));
    }

    private static (string Adapter, string Model) Require(string name)
    {
        using var golden = JsonDocument.Parse(File.ReadAllBytes(TestPaths.RequireGolden("peft", name, "case.json")));
        var model = TestPaths.RequireGolden([.. golden.RootElement.GetProperty("base").GetString()!.Split('/'), "model"]);
        using var config = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(model, "config.json")));
        var architecture = config.RootElement.GetProperty("model_type").GetString()!;
        Assert.SkipUnless(KnownArchitectures.Names.Contains(architecture), $"no architecture '{architecture}' is registered");
        return (TestPaths.RequireGolden("peft", name, "adapter"), model);
    }

    // What the file holds beside θ, layer by layer.
    private static List<PeftHead> Heads(SafetensorsFile file, IReadOnlyDictionary<string, string> names, AdapterPlan plan)
    {
        var adapted = plan.Adapter.Parameters.Select(parameter => names[parameter.SavedAs!]).ToHashSet();
        return [.. file.Tensors.Keys.Where(key => key.EndsWith(".weight", StringComparison.Ordinal) && !adapted.Contains(key)).Order(StringComparer.Ordinal).Select(key =>
        {
            var (module, shape) = (key[..^".weight".Length], file[key].Shape);
            var bias = file.Tensors.ContainsKey(module + ".bias") && !adapted.Contains(module + ".bias") ? file.ReadFloat32(module + ".bias") : null;
            return new PeftHead(module.Replace(PeftExporter.KeyPrefix, "", StringComparison.Ordinal), file.ReadFloat32(key), bias, shape[0], shape[1]);
        })];
    }
}
