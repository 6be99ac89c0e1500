using System.Text.Json;
using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Compilation;

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
        using var summary = await RunAsync("task: qa\nmax_tokens: 24\nstride: 6", Questions(40, 1), Questions(12, 2), "  head_iterations: 15");
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

    [Fact]
    public async Task Prompt_classification_starts_from_the_words_of_the_model()
    {
        TinyLlama.Write(Path.Combine(_folder, "checkpoint"));
        using var summary = await RunAsync("task: prompt\nmax_tokens: 24\nprompt_template: \"say {text} is: \"\nverbalizers: lamp=x,song=yes", Texts(40, 1), Texts(12, 2), "  learning_rate: 0.1");
        var result = summary.RootElement;

        Assert.Equal(("prompt", "accuracy"), (result.GetProperty("task").GetString(), result.GetProperty("metric").GetString()));
        Assert.InRange(result.GetProperty("accuracy_head_only").GetDouble(), 0, 1);
        Assert.InRange(result.GetProperty("loss").GetDouble(), 0.01, 3);
        using var embedding = SafetensorsFile.Open(Path.Combine(_folder, "checkpoint", "model.safetensors"));
        using var head = SafetensorsFile.Open(Path.Combine(_folder, "out", "adapter", "head.safetensors"));
        var rows = embedding.ReadFloat32("model.embed_tokens.weight");
        Assert.Equal([.. Row(rows, 'x'), .. Row(rows, 'y')], head.ReadFloat32("weight"));
    }

    [Fact]
    public async Task Causal_model_learns_answers_and_reports_perplexity()
    {
        TinyLlama.Write(Path.Combine(_folder, "checkpoint"));
        using var summary = await RunAsync("task: causal-lm\nmax_tokens: 32", Answers(40, 1), Answers(12, 2), "  learning_rate: 0.1");
        var result = summary.RootElement;

        Assert.Equal(("causal-lm", "answer_match"), (result.GetProperty("task").GetString(), result.GetProperty("metric").GetString()));
        var metrics = result.GetProperty("metrics");
        Assert.Equal(Math.Exp(-metrics.GetProperty("answer_log_likelihood").GetDouble()), metrics.GetProperty("perplexity").GetDouble(), 1e-9);
        Assert.InRange(metrics.GetProperty("perplexity").GetDouble(), 1, 1000);
        Assert.True(File.Exists(Path.Combine(_folder, "out", "adapter", "adapter_model.safetensors")));
        Assert.False(File.Exists(Path.Combine(_folder, "out", "adapter", "head.safetensors")));
    }

    [Fact]
    public async Task Format_that_ends_in_a_head_is_refused_before_a_job_without_one_is_trained()
    {
        TinyLlama.Write(Path.Combine(_folder, "checkpoint"));
        File.WriteAllLines(Path.Combine(_folder, "train.jsonl"), Answers(8, 1));
        File.WriteAllLines(Path.Combine(_folder, "test.jsonl"), Answers(4, 2));
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        await using var run = ProgramProcess.Start("Cli", _folder,
            ["run", "--task", "causal-lm", "--model", "checkpoint", "--train", "train.jsonl", "--test", "test.jsonl", "--devices", "2", "--export", "onnx", "--out", "out"]);
        await run.LineAsync("The format onnx ends in the logits of the job's classes, and this job trains no head", limit.Token);
        Assert.DoesNotContain("starting the silo", run.Log, StringComparison.Ordinal);
        Assert.NotEqual(0, await run.EndAsync(limit.Token));
        Assert.False(Directory.Exists(Path.Combine(_folder, "out")));
    }

    [Fact]
    public async Task Model_is_added_for_the_task_of_its_jobs()
    {
        TinyCheckpoint.Write(Path.Combine(_folder, "checkpoint"));
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        foreach (var (task, rows) in new[] { ("classification", "Mean"), ("qa", "Tokens") })
        {
            await using var add = ProgramProcess.Start("Cli", _folder, ["model", "add", "checkpoint", "--task", task, "--artifacts", task]);
            await add.SucceedAsync(limit.Token);
            Assert.Equal(rows, CompiledModel.Open(Directory.GetDirectories(Path.Combine(_folder, task)).Single()).Manifest.Pooling.ToString());
        }

        await using var wrong = ProgramProcess.Start("Cli", _folder, ["model", "add", "checkpoint", "--task", "poetry", "--artifacts", "none"]);
        await wrong.LineAsync("--task is \"poetry\"; give one of classification, qa", limit.Token);
    }

    private async Task<JsonDocument> RunAsync(string settings, IEnumerable<string> train, IEnumerable<string> test, string options)
    {
        File.WriteAllLines(Path.Combine(_folder, "train.jsonl"), train);
        File.WriteAllLines(Path.Combine(_folder, "test.jsonl"), test);
        File.WriteAllText(Path.Combine(_folder, "job.yaml"), $"""
            {settings}
            model: checkpoint
            train: train.jsonl
            test: test.jsonl
            devices: 4
            max_rounds: 4
            algorithm_options:
              cohort_size: 2
              probes_per_device: 8
              batch_size: 6
            {options}
            """);
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        await using var run = ProgramProcess.Start("Cli", _folder, ["run", "--job", "job.yaml", "--format", "json", "--out", "out"]);
        return JsonDocument.Parse(await (await run.SucceedAsync(limit.Token)).LineAsync("adapter_sha256", limit.Token));
    }

    private static float[] Row(float[] rows, char letter) => rows[((letter - 'a' + 3) * 16)..((letter - 'a' + 4) * 16)];

    private static IEnumerable<string> Texts(int count, int seed)
    {
        var random = new Random(seed);
        return Enumerable.Range(0, count).Select(x => JsonSerializer.Serialize(new { text = $"{(x % 2 == 0 ? "light" : "tune")} {(char)random.Next('a', 'e')}", label = x % 2 == 0 ? "lamp" : "song" }));
    }

    private static IEnumerable<string> Answers(int count, int seed)
    {
        var random = new Random(seed);
        return Enumerable.Range(0, count).Select(_ =>
        {
            var letter = (char)random.Next('a', 'f');
            return JsonSerializer.Serialize(new { prompt = $"after {letter} comes:", answer = $" {(char)(letter + 1)}" });
        });
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
