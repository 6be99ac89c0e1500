using System.Text.Json;
using System.Text.Json.Nodes;
using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Peft;

namespace FwdLLM.Tests.Modeling.Peft;

public sealed class PeftExporterTests
{
    private static readonly PeftHead Head = new("classifier", [1, 2, 3, 4], [5, 6], 2, 2);

    [Fact]
    public void Config_names_what_peft_reads()
    {
        using var folder = new TemporaryFolder();
        PeftExporter.Write(folder.Path, [Matrix("bert.encoder.layer.0.attention.self.query", 2, 0.5f)], [Head], PeftTask.SequenceClassification, "some/model");
        using var config = JsonDocument.Parse(File.ReadAllText(folder.File(PeftExporter.ConfigFile)));
        var root = config.RootElement;
        Assert.Equal("LORA", root.GetProperty("peft_type").GetString());
        Assert.Equal("SEQ_CLS", root.GetProperty("task_type").GetString());
        Assert.Equal(2, root.GetProperty("r").GetInt32());
        Assert.Equal(1, root.GetProperty("lora_alpha").GetInt32());
        Assert.Equal(["classifier"], root.GetProperty("modules_to_save").EnumerateArray().Select(name => name.GetString()));
        Assert.Equal(["bert.encoder.layer.0.attention.self.query"], root.GetProperty("target_modules").EnumerateArray().Select(name => name.GetString()));
    }

    [Fact]
    public void Layers_of_different_rank_and_scaling_come_back_unchanged()
    {
        using var folder = new TemporaryFolder();
        LoraMatrices[] matrices = [Matrix("encoder.layer.0.a", 2, 0.3f), Matrix("encoder.layer.1.a", 3, 1f), Matrix("encoder.layer.10.a", 2, 0.3f)];
        PeftExporter.Write(folder.Path, matrices, [], PeftTask.FeatureExtraction, "m");
        var adapter = PeftAdapter.Read(folder.Path);
        Assert.Equal(matrices.Select(matrix => (matrix.Module, matrix.Rank, matrix.Scaling)), adapter.Matrices.Select(matrix => (matrix.Module, matrix.Rank, matrix.Scaling)));
        Assert.Equal(matrices[1].B, adapter.Matrices[1].B);
        Assert.Empty(adapter.Heads);
    }

    [Fact]
    public void Equal_adapters_give_equal_bytes()
    {
        using var first = new TemporaryFolder();
        using var second = new TemporaryFolder();
        LoraMatrices[] matrices = [Matrix("a", 2, 1f), Matrix("b", 2, 1f)];
        PeftExporter.Write(first.Path, matrices, [Head], PeftTask.SequenceClassification, "m");
        PeftExporter.Write(second.Path, [matrices[1], matrices[0]], [Head], PeftTask.SequenceClassification, "m");
        foreach (var file in new[] { PeftExporter.ConfigFile, PeftExporter.WeightsFile })
            Assert.Equal(File.ReadAllBytes(first.File(file)), File.ReadAllBytes(second.File(file)));
        Assert.Equal(2, Directory.GetFiles(first.Path).Length);
    }

    [Fact]
    public void Arrays_that_do_not_fit_or_are_not_finite_are_refused()
    {
        using var folder = new TemporaryFolder();
        void Write(LoraMatrices matrix) => PeftExporter.Write(folder.Path, [matrix], [], PeftTask.FeatureExtraction, "m");
        Assert.Throws<ArgumentException>(() => Write(Matrix("a", 2, 1f) with { A = [1] }));
        Assert.Throws<ArgumentException>(() => Write(Matrix("a", 1, 1f) with { A = [1, float.NaN] }));
        Assert.Throws<ArgumentException>(() => PeftExporter.Write(folder.Path, [], [Head], PeftTask.FeatureExtraction, "m"));
        Assert.Empty(Directory.GetFiles(folder.Path));
    }

    [Theory]
    [InlineData("use_dora", "true")]
    [InlineData("bias", "\"all\"")]
    [InlineData("r", "0")]
    [InlineData("r", "4")]
    [InlineData("lora_alpha", "\"x\"")]
    [InlineData("fan_in_fan_out", "true")]
    [InlineData("rank_pattern", "{\"(\": 2}")]
    [InlineData("peft_type", "\"IA3\"")]
    [InlineData("modules_to_save", "[\"score\"]")]
    public void Settings_that_change_the_mathematics_are_refused_by_name(string key, string value)
    {
        using var folder = new TemporaryFolder();
        PeftExporter.Write(folder.Path, [Matrix("a", 2, 1f)], [Head], PeftTask.SequenceClassification, "m");
        var config = JsonNode.Parse(File.ReadAllText(folder.File(PeftExporter.ConfigFile)))!;
        config[key] = JsonNode.Parse(value);
        File.WriteAllText(folder.File(PeftExporter.ConfigFile), config.ToJsonString());
        var error = Assert.Throws<CheckpointException>(() => PeftAdapter.Read(folder.Path));
        Assert.Contains(folder.Path, error.Message, StringComparison.Ordinal);
    }

    // Out and in are 2: big enough to tell rows from columns.
    private static LoraMatrices Matrix(string module, int rank, float scaling) =>
        new(module, rank, scaling, [.. Enumerable.Range(1, rank * 2).Select(i => (float)i)], [.. Enumerable.Range(1, rank * 2).Select(i => -(float)i)], 2, 2);
}
