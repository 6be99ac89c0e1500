using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Peft;

namespace FwdLLM.Tests.Modeling.Peft;

public sealed class PeftGoldenTests
{
    [Theory]
    [InlineData("peft/bert_lora/adapter", PeftTask.SequenceClassification, 2.0f)]
    [InlineData("peft/bert_lora_rslora/adapter", PeftTask.SequenceClassification, 4.0f)]
    [InlineData("peft/bert_qa_lora/adapter", PeftTask.QuestionAnswering, 2.0f)]
    [InlineData("peft/distilbert_lora/adapter", PeftTask.SequenceClassification, null)]
    [InlineData("peft/roberta_lora/adapter", PeftTask.SequenceClassification, null)]
    [InlineData("minilm/adapter", PeftTask.FeatureExtraction, 2.0f)]
    public void Reading_and_writing_gives_the_tensors_that_peft_saved(string path, PeftTask task, float? scaling)
    {
        var source = TestPaths.RequireGolden(path.Split('/'));
        var adapter = PeftAdapter.Read(source);
        if (scaling is not null)
            Assert.All(adapter.Matrices, matrix => Assert.Equal(scaling, matrix.Scaling));
        using var folder = new TemporaryFolder();
        PeftExporter.Write(folder.Path, adapter.Matrices, adapter.Heads, task, adapter.BaseModel!);
        using var expected = SafetensorsFile.Open(Path.Combine(source, PeftExporter.WeightsFile));
        using var written = SafetensorsFile.Open(folder.File(PeftExporter.WeightsFile));
        Assert.Equal(expected.Tensors.Keys.Order(), written.Tensors.Keys.Order());
        Assert.All(expected.Tensors.Values, tensor =>
        {
            Assert.Equal(tensor.Shape, written[tensor.Name].Shape);
            Assert.Equal(expected.ReadBytes(tensor.Name), written.ReadBytes(tensor.Name));
        });
        var again = PeftAdapter.Read(folder.Path);
        Assert.Equal(adapter.Matrices.Select(matrix => (matrix.Module, matrix.Rank, matrix.Scaling)), again.Matrices.Select(matrix => (matrix.Module, matrix.Rank, matrix.Scaling)));
        Assert.Equal(adapter.TaskType, again.TaskType);
    }

    [Fact]
    public void Adapted_layers_merge_to_the_weights_that_peft_merged()
    {
        var golden = TestPaths.RequireGolden("peft", "bert_lora_rslora");
        var adapter = PeftAdapter.Read(Path.Combine(golden, "adapter"));
        using var expected = SafetensorsFile.Open(Path.Combine(golden, "expected.safetensors"));
        using var checkpoint = Checkpoint.Open(TestPaths.RequireGolden("arch", "bert_seqcls", "model"));
        foreach (var matrix in adapter.Matrices)
        {
            var merged = expected.ReadFloat32($"merged.{matrix.Module}.weight");
            var weight = checkpoint.ReadFloat32(matrix.Module["bert.".Length..] + ".weight");
            for (var row = 0; row < matrix.Out; row++)
            {
                for (var column = 0; column < matrix.In; column++)
                {
                    var delta = Enumerable.Range(0, matrix.Rank).Sum(r => (double)matrix.B[row * matrix.Rank + r] * matrix.A[r * matrix.In + column]);
                    Assert.Equal(merged[row * matrix.In + column], weight[row * matrix.In + column] + matrix.Scaling * delta, 1e-6);
                }
            }
        }
    }

    [Theory]
    [InlineData("bert_ia3", "peft_type")]
    [InlineData("bert_adapter_pfeiffer", "peft_type")]
    public void Adapters_of_other_kinds_are_refused_by_name(string name, string reason)
    {
        var error = Assert.Throws<CheckpointException>(() => PeftAdapter.Read(TestPaths.RequireGolden("peft", name, "adapter")));
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }
}
