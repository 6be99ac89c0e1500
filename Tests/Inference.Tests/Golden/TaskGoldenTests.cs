using System.Text.Json;
using FwdLLM.Inference;
using FwdLLM.Learning.Heads;
using FwdLLM.Learning.Tasks;
using FwdLLM.Modeling.Adapters;
using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Compilation;

namespace FwdLLM.Tests.Inference;

/// <summary>The losses that devices compute for answers and spans, against transformers and peft in double precision.</summary>
public sealed class TaskGoldenTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Spans => Cases("arch", "qa");

    public static TheoryData<string> Answers => Cases("arch", "causal");

    public static TheoryData<string> AnswerAdapters => Cases("peft", "causal");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Spans))]
    public void Span_losses_are_those_of_the_reference_on_its_own_scores(string name)
    {
        var golden = GoldenCase.Require("arch", name);
        var expected = golden.PathOf("expected.safetensors");
        using var inputs = JsonDocument.Parse(File.ReadAllBytes(golden.PathOf("inputs.json")));
        int[] Read(string key) => [.. inputs.RootElement.GetProperty(key).EnumerateArray().Select(value => value.GetInt32())];
        var (starts, ends) = (Read("start_positions"), Read("end_positions"));
        // The reference counts padding as tokens, so its windows are all equally long; a head of ones and zeros hands its scores through.
        var scores = Golden.Doubles(expected, "start_logits").Zip(Golden.Doubles(expected, "end_logits"), (start, end) => new[] { (float)start, (float)end }).SelectMany(pair => pair).ToArray();
        var length = scores.Length / 2 / starts.Length;
        var head = new SoftmaxHead(2, [0, 0], [1, 1], [1, 0, 0, 1, 0, 0]);
        for (var x = 0; x < starts.Length; x++)
            Golden.AssertClose(
                [Golden.Doubles(expected, "per_example_loss")[x]],
                [new SpanEvaluation(head, scores[(2 * length * x)..(2 * length * (x + 1))], [length], [new SpanTarget(starts[x], ends[x])]).LossSum], 1e-6);
    }

    [Theory]
    [MemberData(nameof(Answers))]
    public void Answer_losses_with_the_compiled_output_layer_are_those_of_the_reference(string name)
    {
        var golden = GoldenCase.Require("arch", name);
        using var checkpoint = Checkpoint.Open(golden.PathOf("model"));
        var (batch, targets) = Batch(golden);
        var model = ModelCompiler.Compile(GoldenHead.Source("causal", checkpoint), AdapterSpec.LoraQueryValue with { Rank = 2 }, _folder.File(name), withVjp: false);
        using var runtime = ModelRuntime.Open(model);
        var features = runtime.Features(batch, new float[runtime.Dimension], Cancellation);
        var evaluation = new AnswerEvaluation(OutputLayer.Read(model), features, [.. batch.Select(sequence => sequence.Length)], targets);
        Golden.AssertClose(Golden.Doubles(golden.PathOf("expected.safetensors"), "loss"), [evaluation.TokenLossSum / evaluation.Tokens], 5e-6);
    }

    [Theory]
    [MemberData(nameof(AnswerAdapters))]
    public void Slopes_of_answers_and_backpropagated_cotangents_are_the_derivatives_of_the_reference(string name)
    {
        var golden = GoldenCase.Require("peft", name);
        using var checkpoint = Checkpoint.Open(golden.Base.PathOf("model"));
        var spec = AdapterImport.Specification(golden.PathOf("adapter"), checkpoint.Config);
        Assert.SkipWhen(spec is null, $"no registered adapter kind reads '{golden.Method}'");
        var (batch, targets) = Batch(golden.Base);
        var trained = new TrainedTensors(golden, checkpoint, spec);
        Assert.SkipWhen(trained.HasFrozen, "a layer that is frozen here is trained in the reference");
        var model = ModelCompiler.Compile(GoldenHead.Source("causal", checkpoint), spec, _folder.File(name), withVjp: true);
        using var runtime = ModelRuntime.Open(model);
        var theta = AdapterImport.Theta(golden.PathOf("adapter"), spec, checkpoint);
        var (output, width, tokens) = (OutputLayer.Read(model), runtime.FeatureSize, targets.Sum(target => target.Tokens.Length));
        var result = runtime.Jvp(batch, theta, trained.ThetaDirections, Cancellation);
        var count = trained.ThetaDirections.Length / theta.Length;
        var (slopes, gradient) = (new double[count], new double[theta.Length]);
        var first = 0;
        // The reference takes the mean over all tokens, a device over those of each example.
        for (var x = 0; x < batch.Length; x++)
        {
            var size = batch[x].Length * width;
            var evaluation = new AnswerEvaluation(output, result.Features[first..(first + size)], [batch[x].Length], [targets[x]]);
            var share = (double)targets[x].Tokens.Length / tokens;
            for (var k = 0; k < count; k++) slopes[k] += share * evaluation.Slope(result.Tangents.AsSpan((k * result.Features.Length) + first, size));
            var own = runtime.Vjp([batch[x]], theta, evaluation.Cotangents(), Cancellation);
            for (var i = 0; i < gradient.Length; i++) gradient[i] += share * own[i];
            first += size;
        }

        Golden.AssertClose(Golden.Doubles(golden.PathOf("expected.safetensors"), "jvp"), slopes, 1e-5, 1e-4);
        foreach (var (key, block) in trained.Blocks)
            Golden.AssertClose(Golden.Doubles(golden.PathOf("expected.safetensors"), "grad." + key), gradient[block.Offset..(block.Offset + block.Length)], 2e-6, 1e-4);
    }

    public void Dispose() => _folder.Dispose();

    // One empty name where the data is not there, so that a theory has something to skip.
    private static TheoryData<string> Cases(string group, string task) =>
        [.. GoldenCase.Names(group).Select(row => row.Data).Where(name => name.Length == 0 || new GoldenCase(group, name).Task == task)];

    private static (TokenSequence[] Batch, AnswerTarget[] Targets) Batch(GoldenCase golden)
    {
        var (batch, labels) = Golden.Inputs(golden.PathOf("inputs.json"));
        var targets = new AnswerTarget[batch.Length];
        var first = 0;
        for (var x = 0; x < batch.Length; x++)
        {
            var rows = Enumerable.Range(0, batch[x].Length).Where(row => labels[first + row] >= 0).ToArray();
            targets[x] = new AnswerTarget(rows, [.. rows.Select(row => labels[first + row])]);
            first += batch[x].Length;
        }

        return (batch, targets);
    }
}
