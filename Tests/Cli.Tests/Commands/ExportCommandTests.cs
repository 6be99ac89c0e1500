namespace FwdLLM.Cli.Tests.Commands;

public sealed class ExportCommandTests
{
    private const string Settings = """{"id": "first", "model": "m", "train": "a", "test": "b", "adapter": {"kind": "lora", "rank": 8, "alpha": 16, "targets": ["query"], "first_layer": 0}, "algorithm": {}, "output": "o"}""";

    [Theory]
    [InlineData("first", "holds no run that has ended")]
    [InlineData("first", "holds no run that has ended", Settings)]
    [InlineData("first", "cannot be read", "{", "{}")]
    [InlineData("first", "result.json cannot be read", Settings, "{\"manifest_sha256\": 3}")]
    [InlineData("first", "result.json cannot be read", Settings, """{"manifest_sha256": "a", "labels": [], "max_tokens": 8, "snapshot": "AAAA"}""")]
    [InlineData("first", "result.json holds null", Settings, "null")]
    public async Task Folder_without_a_whole_run_is_refused(string run, string error, string? settings = null, string? result = null)
    {
        using var cli = new CliRun();
        if (settings is not null)
            cli.Write("first/settings.json", settings);
        if (result is not null)
            cli.Write("first/result.json", result);
        Assert.Equal(ExitCodes.BadInput, await cli.RunAsync(new FakeExecutor(), "export", cli.Path(run), "--target", cli.Path("target")));
        Assert.Contains(error, cli.Error.ToString(), StringComparison.Ordinal);
        Assert.False(Directory.Exists(cli.Path("target")));
    }

    [Theory]
    [InlineData("export")]
    [InlineData("job", "export")]
    public async Task Formats_and_target_are_checked_first(params string[] command)
    {
        using var cli = new CliRun();
        cli.Write("full/precious.txt", "mine");
        string[] required = command is ["job", ..] ? ["--artifacts", cli.Path("artifacts")] : [];
        Assert.Equal(ExitCodes.BadInput, await cli.RunAsync(new FakeExecutor(), [.. command, "x", .. required, "--format", "peft,guf", "--target", cli.Path("new")]));
        Assert.Contains("\"guf\" is not known; did you mean gguf?", cli.Error.ToString(), StringComparison.Ordinal);
        Assert.Equal(ExitCodes.BadInput, await cli.RunAsync(new FakeExecutor(), [.. command, "x", .. required, "--target", cli.Path("full")]));
        Assert.Contains("which is not empty", cli.Error.ToString(), StringComparison.Ordinal);
    }
}
