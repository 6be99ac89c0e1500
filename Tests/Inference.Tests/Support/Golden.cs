using System.Runtime.InteropServices;
using System.Text.Json;
using FwdLLM.Inference;
using FwdLLM.Modeling.Checkpoints;

namespace FwdLLM.Tests.Inference;

/// <summary>Reads the reference data.</summary>
internal static class Golden
{
    /// <summary>A float64 tensor.</summary>
    public static double[] Doubles(string file, string tensor)
    {
        using var safetensors = SafetensorsFile.Open(file);
        return MemoryMarshal.Cast<byte, double>(safetensors.ReadBytes(tensor)).ToArray();
    }

    /// <summary>A float32 tensor.</summary>
    public static float[] Floats(string file, string tensor)
    {
        using var safetensors = SafetensorsFile.Open(file);
        return safetensors.ReadFloat32(tensor);
    }

    /// <summary>The unpadded sequences of an inputs.json, and its labels if it has any: one per sequence, or for next-token prediction one per token, that of the token after it, negative for none.</summary>
    public static (TokenSequence[] Batch, int[] Labels) Inputs(string file)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(file));
        var root = document.RootElement;
        var ids = Read(root.GetProperty("input_ids"));
        var mask = Read(root.GetProperty("attention_mask"));
        var types = root.TryGetProperty("token_type_ids", out var segments) ? Read(segments) : null;
        var batch = ids.Select((row, index) => new TokenSequence(row[..mask[index].Sum()], types?[index][..mask[index].Sum()])).ToArray();
        if (!root.TryGetProperty("labels", out var labels))
            return (batch, []);
        return (batch, labels[0].ValueKind == JsonValueKind.Number
            ? labels.Deserialize<int[]>()!
            : [.. Read(labels).SelectMany((row, index) => row[1..batch[index].Length].Append(-1))]);
    }

    /// <summary>Rows [Σ tokens, width] of a padded tensor [n, S, width].</summary>
    public static double[] Unpad(double[] padded, TokenSequence[] batch)
    {
        var size = padded.Length / batch.Length;
        var width = size / batch.Max(sequence => sequence.Length);
        return [.. batch.SelectMany((sequence, row) => padded.AsSpan(row * size, sequence.Length * width).ToArray())];
    }

    /// <summary>Asserts |actual − expected| ≤ absolute + relative·|expected| everywhere.</summary>
    public static void AssertClose(IReadOnlyList<double> expected, IReadOnlyList<double> actual, double absolute, double relative = 0)
    {
        Assert.Equal(expected.Count, actual.Count);
        for (var index = 0; index < expected.Count; index++)
            Assert.True(Math.Abs(actual[index] - expected[index]) <= absolute + relative * Math.Abs(expected[index]),
                $"[{index}]: expected {expected[index]:R}, got {actual[index]:R}, difference {actual[index] - expected[index]:e2}");
    }

    public static double[] Widen(ReadOnlySpan<float> values)
    {
        var result = new double[values.Length];
        for (var index = 0; index < values.Length; index++)
            result[index] = values[index];
        return result;
    }

    private static int[][] Read(JsonElement element) => element.Deserialize<int[][]>()!;
}
