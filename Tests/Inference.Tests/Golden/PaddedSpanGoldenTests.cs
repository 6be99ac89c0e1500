using System.Text.Json;
using FwdLLM.Modeling.Adapters;
using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Compilation;

namespace FwdLLM.Tests.Inference;

/// <summary>
/// Adapters of question answering under golden/peft. The reference's softmax over a window counts its padding; the product's does not, so
/// the loss and its residual are formed here, over all positions of the padded batch, and graphs and head are held against the reference's numbers.
/// </summary>
public sealed class PaddedSpanGoldenTests : IDisposable
{
    private static readonly double[] Steps = [1e-2, 1e-3, 1e-4];

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Cases =>
        [.. GoldenCase.Names("peft").Select(row => row.Data).Where(name => name.Length == 0 || new GoldenCase("peft", name).Task == "qa")];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Span_losses_and_derivatives_match_the_reference_on_its_padded_batch(string name)
    {
        var golden = GoldenCase.Require("peft", name);
        using var checkpoint = Checkpoint.Open(golden.Base.PathOf("model"));
        var spec = AdapterImport.Specification(golden.PathOf("adapter"), checkpoint.Config)!;
        using var inputs = JsonDocument.Parse(File.ReadAllBytes(golden.Base.PathOf("inputs.json")));
        T Read<T>(string key) => inputs.RootElement.GetProperty(key).Deserialize<T>()!;
        var ids = Read<int[][]>("input_ids");
        var spans = Read<int[]>("start_positions").Zip(Read<int[]>("end_positions"), (start, end) => new[] { start, end }).ToArray();
        var expected = golden.PathOf("expected.safetensors");
        var trained = new TrainedTensors(golden, checkpoint, spec);
        var theta = AdapterImport.Theta(golden.PathOf("adapter"), spec, checkpoint);
        var model = ModelCompiler.Compile(GoldenHead.Source("qa", checkpoint), spec, _folder.File(name), withVjp: true);
        using var run = new PaddedRun(model, ids, Read<int[][]>("token_type_ids"), Read<int[][]>("attention_mask"));

        var head = trained.Head(-1);
        var result = run.Jvp(theta, trained.ThetaDirections);
        var (losses, residuals) = Spans(head.Logits(result.Features), spans, ids[0].Length);
        Golden.AssertClose(Golden.Doubles(expected, "loss"), [losses.Average()], 5e-6);
        Golden.AssertClose(Golden.Doubles(expected, "per_example_loss"), losses, 5e-6);

        var size = result.Features.Length;
        Golden.AssertClose(
            Golden.Doubles(expected, "jvp"),
            [.. Enumerable.Range(0, result.Tangents.Length / size).Select(k => Derivative(head, trained.Head(k), result.Features, result.Tangents.AsSpan(k * size, size), residuals))],
            1e-5, 1e-4);

        var gradient = run.Vjp(theta, Cotangents(head, residuals));
        foreach (var (key, block) in trained.Blocks)
            Golden.AssertClose(Golden.Doubles(expected, "grad." + key), Golden.Widen(gradient.AsSpan(block.Offset, block.Length)), 2e-6, 1e-4);

        foreach (var (sign, tensor) in new[] { (1, "loss_plus_f64"), (-1, "loss_minus_f64") })
        {
            var reference = Golden.Doubles(expected, tensor);
            for (var at = 0; at < reference.Length; at++)
            {
                var (k, distance) = (at / Steps.Length, sign * Steps[at % Steps.Length]);
                var moved = theta.Select((value, index) => (float)(value + (distance * trained.ThetaDirections[(k * theta.Length) + index]))).ToArray();
                var loss = Spans(head.Moved(trained.Head(k), distance).Logits(run.Features(moved)), spans, ids[0].Length).Losses.Average();
                Golden.AssertClose([reference[at]], [loss], 5e-6);
            }
        }
    }

    public void Dispose() => _folder.Dispose();

    // Loss of each window, the mean of its start's and end's cross-entropy over all positions; and ∂(mean loss)/∂scores [n·S, 2].
    private static (double[] Losses, double[] Residuals) Spans(double[] scores, int[][] spans, int length)
    {
        var (losses, residuals) = (new double[spans.Length], new double[scores.Length]);
        for (var x = 0; x < spans.Length; x++)
            for (var end = 0; end < 2; end++)
            {
                var window = Enumerable.Range(x * length, length).Select(row => (row * 2) + end).ToArray();
                var largest = window.Max(index => scores[index]);
                var sum = window.Sum(index => Math.Exp(scores[index] - largest));
                losses[x] += (largest + Math.Log(sum) - scores[window[spans[x][end]]]) / 2;
                foreach (var index in window)
                    residuals[index] = ((Math.Exp(scores[index] - largest) / sum) - (index == window[spans[x][end]] ? 1 : 0)) / (2 * spans.Length);
            }

        return (losses, residuals);
    }

    private static float[] Cotangents(LinearHead head, double[] residuals)
    {
        var cotangents = new float[residuals.Length / 2 * head.Size];
        for (var index = 0; index < cotangents.Length; index++)
        {
            var (row, h) = (index / head.Size, index % head.Size);
            cotangents[index] = (float)((residuals[2 * row] * head.Weight[h]) + (residuals[(2 * row) + 1] * head.Weight[head.Size + h]));
        }

        return cotangents;
    }

    // Along one direction of features and head.
    private static double Derivative(LinearHead head, LinearHead? direction, float[] features, ReadOnlySpan<float> tangents, double[] residuals)
    {
        var still = head with { Bias = new double[head.Classes] };
        var moved = still.Logits(tangents.ToArray());
        var own = direction?.Logits(features);
        return residuals.Select((residual, index) => residual * (moved[index] + (own?[index] ?? 0))).Sum();
    }
}
