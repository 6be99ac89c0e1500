using System.Text.Json;

namespace FwdLLM.Tests.Cluster;

/// <summary>Model, data and job file that all tests share, and what the job comes to in one process.</summary>
public class TinyJob : IAsyncLifetime
{
    public virtual int Devices => 6;

    /// <summary>Probe rounds of the job.</summary>
    public const int Rounds = 15;

    /// <summary>How many of them compute exact gradients.</summary>
    public virtual int ExactDevices => 0;

    /// <summary>The dealing depends on the seed: agents that used another than the job's would give other bits.</summary>
    public const string Split = "dirichlet:1";

    private static readonly (string Label, string[] Words)[] Classes =
        [("lamp", ["light", "dim", "bright", "lamp"]), ("song", ["play", "tune", "music", "loud"]), ("time", ["clock", "hour", "wake", "soon"])];

    public string Folder { get; } = Directory.CreateTempSubdirectory("fwdllm-cluster-").FullName;

    public string Artifacts => Path.Combine(Folder, "artifacts");

    public string Train => Path.Combine(Folder, "train.jsonl");

    /// <summary>SHA-256 of adapter and head after <c>fwdllm run</c>.</summary>
    public string AdapterSha256 { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        TinyCheckpoint.Write(Path.Combine(Folder, "checkpoint"));
        File.WriteAllLines(Train, Rows(20 * Devices, 1));
        File.WriteAllLines(Path.Combine(Folder, "test.jsonl"), Rows(12, 2));
        await using var run = ProgramProcess.Start("Cli", Folder, ["run", "--job", Write("alone"), "--format", "json"]);
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        using var summary = JsonDocument.Parse(await (await run.SucceedAsync(limit.Token)).LineAsync("adapter_sha256", limit.Token));
        AdapterSha256 = summary.RootElement.GetProperty("adapter_sha256").GetString()!;
    }

    /// <summary>Writes the job's file under another id: the id is not part of the mathematics.</summary>
    /// <param name="id">The job's id.</param>
    /// <param name="rounds">Probe rounds, however many passes they take.</param>
    public string Write(string id, int rounds = Rounds)
    {
        var file = Path.Combine(Folder, id + ".yaml");
        File.WriteAllText(file, $"""
            id: {id}
            model: checkpoint
            train: train.jsonl
            test: test.jsonl
            split: {Split}
            devices: {Devices}
            exact_devices: {ExactDevices}
            seed: 7
            max_rounds: {rounds}
            max_passes: 0
            max_tokens: 16
            algorithm_options:
              cohort_size: 3
              probes_per_device: 8
              batch_size: 4
              head_iterations: 5
            """);
        return file;
    }

    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        Directory.Delete(Folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    /// <summary>Labelled texts, one a line.</summary>
    internal static IEnumerable<string> Rows(int count, int seed)
    {
        var random = new Random(seed);
        return Enumerable.Range(0, count).Select(row =>
        {
            var (label, words) = Classes[row % Classes.Length];
            var text = string.Join(' ', Enumerable.Range(0, 3).Select(_ => words[random.Next(words.Length)]));
            return JsonSerializer.Serialize(new { text, label });
        });
    }
}
