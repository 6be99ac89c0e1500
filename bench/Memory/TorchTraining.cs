using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using FwdLLM.Modeling.Architectures;

namespace FwdLLM.Bench.Memory;

/// <summary>training.py in a process of its own: PyTorch trains an encoder of the same shape, a step when told to.</summary>
internal sealed class TorchTraining : IDisposable
{
    // The system's own Python, which Debian's python3-torch belongs to.
    private const string Python = "/usr/bin/python3";

    private readonly Process _process;

    public TorchTraining(string mode, ModelConfig config)
    {
        var shape = JsonSerializer.Serialize(new
        {
            hidden = config.HiddenSize,
            layers = config.Layers,
            heads = config.Heads,
            intermediate = config.IntermediateSize,
            vocabulary = config.VocabularySize,
            positions = config.MaxPositions,
            embedding = config.EmbeddingSize,
            shared = config.Architecture == "albert",
        });
        _process = Start(Path.Combine(AppContext.BaseDirectory, "Memory", "training.py"), mode, shape);
    }

    /// <summary>Why PyTorch cannot run here; null where it can.</summary>
    public static string? Missing()
    {
        if (!File.Exists(Python))
            return $"there is no {Python}";
        using var process = Start("-c", "import torch");
        process.StandardInput.Close();
        process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? null : $"{Python} has no torch (Debian: python3-torch)";
    }

    /// <summary>Seconds of one more step.</summary>
    public double Step()
    {
        _process.StandardInput.WriteLine();
        return double.Parse(Line(), CultureInfo.InvariantCulture);
    }

    /// <summary>Ends the process.</summary>
    /// <returns>Its peak resident bytes.</returns>
    public long Finish()
    {
        _process.StandardInput.Close();
        return long.Parse(Line(), CultureInfo.InvariantCulture);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.Dispose();
    }

    private string Line() => _process.StandardOutput.ReadLine() ?? throw new InvalidOperationException($"training.py ended early: {_process.StandardError.ReadToEnd().Trim()}");

    private static Process Start(params string[] arguments) =>
        Process.Start(new ProcessStartInfo(Python, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })
        ?? throw new InvalidOperationException($"{Python} did not start.");
}
