using System.Diagnostics;
using System.Text.Json;
using FwdLLM.Inference;

namespace FwdLLM.Tests.Inference;

/// <summary>What a fresh process that has ONNX Runtime, and nothing of this repository, makes of an exported file.</summary>
internal sealed record PlainOnnxRuntime(string[] Inputs, string[] Parameters, long[] Shape, float[] Logits, Dictionary<string, string> Metadata)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <summary>Runs a batch, padded on the right.</summary>
    /// <param name="batch">Texts of any lengths.</param>
    /// <param name="padding">Id of the padding token.</param>
    /// <param name="files">The graph and perhaps an adapter.</param>
    public static async Task<PlainOnnxRuntime> RunAsync(TokenSequence[] batch, int padding, params string[] files)
    {
        var length = batch.Max(sequence => sequence.Length);
        var inputs = new
        {
            input_ids = batch.Select(sequence => Pad(sequence.Ids, length, padding)),
            attention_mask = batch.Select(sequence => Pad(Enumerable.Repeat(1, sequence.Length), length, 0)),
            token_type_ids = batch.Select(sequence => Pad(sequence.TypeIds ?? new int[sequence.Length], length, 0)),
        };
        var start = new ProcessStartInfo("dotnet") { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add("exec");
        start.ArgumentList.Add(Program());
        foreach (var file in files)
            start.ArgumentList.Add(file);
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.StandardInput.WriteAsync(JsonSerializer.Serialize(inputs));
        process.StandardInput.Close();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"code {process.ExitCode}: {await error}");
        return JsonSerializer.Deserialize<PlainOnnxRuntime>(await output, Json)!;
    }

    /// <summary>The logits of tokens that are not padding, [Σ tokens, C], of a graph that gives them per token.</summary>
    public double[] TokenLogits(TokenSequence[] batch)
    {
        var (length, classes) = ((int)Shape[1], (int)Shape[2]);
        return [.. batch.SelectMany((sequence, row) => Golden.Widen(Logits.AsSpan(row * length * classes, sequence.Length * classes)))];
    }

    private static IEnumerable<int> Pad(IEnumerable<int> ids, int length, int padding) => ids.Concat(Enumerable.Repeat(padding, length)).Take(length);

    private static string Program()
    {
        var framework = new DirectoryInfo(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        var path = Path.Combine(TestPaths.Repository, "Tests", "PlainOnnxRuntime", "bin", framework.Parent!.Name, framework.Name, "FwdLLM.PlainOnnxRuntime.dll");
        Assert.True(File.Exists(path), $"{path} is not built; build Tests/PlainOnnxRuntime with the tests' configuration.");
        return path;
    }
}
