using System.Globalization;
using FwdLLM.Cli.Jobs;
using FwdLLM.Cli.Running;
using FwdLLM.Cli.Settings;
using Microsoft.Extensions.Time.Testing;

namespace FwdLLM.Cli.Tests;

/// <summary>A folder with a small model and data, and a command line that runs in it.</summary>
internal sealed class CliRun : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("fwdllm-cli-").FullName;

    public CliRun()
    {
        // Only what the settings look for, not a model that opens.
        Write("assets/models/small/config.json", "{}");
        Write("assets/models/small/model.safetensors", "");
        Write("assets/data/train.jsonl", Rows(60));
        Write("assets/data/test.jsonl", Rows(10));
    }

    public StringWriter Output { get; } = new(CultureInfo.InvariantCulture);

    public StringWriter Error { get; } = new(CultureInfo.InvariantCulture);

    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));

    public IJobConnector Jobs { get; init; } = new FakeJobs();

    public string Path(string name) => System.IO.Path.Combine(_folder, name);

    public string Write(string name, string content)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(Path(name))!);
        File.WriteAllText(Path(name), content);
        return Path(name);
    }

    public static string Rows(int count) => string.Concat(Enumerable.Range(0, count).Select(i => $"{{\"text\":\"text {i}\",\"label\":\"{(i % 2 == 0 ? "a" : "b")}\",\"user\":\"u{i % 5}\"}}\n"));

    public Task<int> RunAsync(IRunExecutor executor, params string[] arguments) => RunAsync(executor, CancellationToken.None, arguments);

    public Task<int> RunAsync(IRunExecutor executor, CancellationToken cancellation, params string[] arguments) =>
        CommandLine.RunAsync(arguments, new CliContext { Output = Output, Error = Error, Width = 80, Executor = executor, Jobs = Jobs, Assets = new BundledAssets(Path("assets")), Time = Time }, cancellation);

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
