namespace FwdLLM.Tests.Cluster;

/// <summary>The result of a run in every format that can hold it, by the program itself.</summary>
public sealed class ExportTests(TinyJob job) : IClassFixture<TinyJob>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Run_that_has_ended_is_exported_again_with_the_bits_it_wrote_itself()
    {
        await using var export = ProgramProcess.Start("Cli", job.Folder, ["export", "runs/alone", "--format", "peft,onnx,onnx-adapter", "--target", "exported"]);
        await export.SucceedAsync(Cancellation);
        var exported = Path.Combine(job.Folder, "exported");
        Assert.Equal(
            ["adapter.onnx_adapter", "adapter_config.json", "adapter_model.safetensors", "base.onnx", "head.json", "head.safetensors", "model.onnx", "vocab.txt"],
            Directory.GetFiles(exported).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal));
        foreach (var written in Directory.GetFiles(Path.Combine(job.Folder, "runs", "alone", "adapter")))
            Assert.Equal(File.ReadAllBytes(written), File.ReadAllBytes(Path.Combine(exported, Path.GetFileName(written))));

        await using var refused = ProgramProcess.Start("Cli", job.Folder, ["export", "runs/alone", "--format", "gguf", "--target", "refused"]);
        await refused.LineAsync("error: The format gguf holds LoRA adapters of llama models, and this is a bert; export it as peft or onnx.", Cancellation);
        Assert.False(Directory.Exists(Path.Combine(job.Folder, "refused")));
    }

    [Fact]
    public async Task Run_for_a_format_that_cannot_hold_its_adapter_ends_before_it_trains()
    {
        await using var run = ProgramProcess.Start("Cli", job.Folder, ["run", "--job", job.Write("refused-run"), "--export", "onnx,gguf"]);
        await run.LineAsync("error: The format gguf holds LoRA adapters of llama models", Cancellation);
        Assert.DoesNotContain("training", run.Log, StringComparison.Ordinal);
    }
}
