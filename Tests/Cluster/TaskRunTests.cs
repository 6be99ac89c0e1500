using System.Text.Json;

namespace FwdLLM.Tests.Cluster;

/// <summary>Whole runs of other tasks than classification through the command line, on a model of random weights.</summary>
public sealed class TaskRunTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("fwdllm-task-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Question_answering_runs_from_rows_to_exact_match_and_f1()
    {
        TinyCheckpoint.Write(Path.Combine(_folder, "checkpoint"));
        File.WriteAllLines(Path.Combine(_folder, "train.jsonl"), Questions(40, 1));
        File.WriteAllLines(Path.Combine(_folder, "test.jsonl"), Questions(12, 2));
        File.WriteAllText(Path.Combine(_folder, "job.yaml"), """
            task: qa
            model: checkpoint
            train: train.jsonl
            test: test.jsonl
            devices: 4
            max_rounds: 4
            max_tokens: 24
            stride: 6
            algorithm_options:
              cohort_size: 2
              probes_per_device: 8
              batch_size: 6
              head_iterations: 15
            """);
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        await using var run = ProgramProcess.Start("Cli", _folder, ["run", "--job", "job.yaml", "--format", "json", "--out", "out"]);
        using var summary = JsonDocument.Parse(await (await run.SucceedAsync(limit.Token)).LineAsync("adapter_sha256", limit.Token));
        var result = summary.RootElement;

        Assert.Equal(("qa", "f1"), (result.GetProperty("task").GetString(), result.GetProperty("metric").GetString()));
        var metrics = result.GetProperty("metrics");
        Assert.Equal(result.GetProperty("accuracy").GetDouble(), metrics.GetProperty("f1").GetDouble());
        Assert.InRange(metrics.GetProperty("exact_match").GetDouble(), 0, metrics.GetProperty("f1").GetDouble());
        // Windows of 24 tokens: a head of zeros has a loss of ln 24.
        Assert.InRange(result.GetProperty("loss_head_only").GetDouble(), 0.01, 0.97 * Math.Log(24));
        Assert.True(File.Exists(Path.Combine(_folder, "out", "adapter", "head.safetensors")));
        Assert.Contains("\"task\": \"qa\"", File.ReadAllText(Path.Combine(_folder, "out", "adapter", "head.json")), StringComparison.Ordinal);
    }

    // The answer is the word of the letters x to z; contexts are longer than a window.
    private static IEnumerable<string> Questions(int count, int seed)
    {
        var random = new Random(seed);
        string Word(char from, char to) => new([.. Enumerable.Range(0, 3).Select(_ => (char)random.Next(from, to + 1))]);
        return Enumerable.Range(0, count).Select(_ =>
        {
            var words = Enumerable.Range(0, 9).Select(_ => Word('a', 'f')).ToArray();
            words[random.Next(words.Length)] = Word('x', 'z');
            var context = string.Join(' ', words);
            var answer = words.First(word => word[0] >= 'x');
            return JsonSerializer.Serialize(new { context, question = "who", answers = new[] { new { text = answer, answer_start = context.IndexOf(answer, StringComparison.Ordinal) } } });
        });
    }
}
