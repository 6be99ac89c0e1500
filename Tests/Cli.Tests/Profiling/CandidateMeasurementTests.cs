using System.Text.Json;
using FwdLLM.Cli.Profiling;
using FwdLLM.Cli.Settings;
using FwdLLM.DeviceAgent.Data;
using FwdLLM.Inference;
using FwdLLM.Learning.Heads;
using FwdLLM.Learning.Training;
using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Compilation;
using FwdLLM.Modeling.Tokenization;
using FwdLLM.Tests.Cluster;

namespace FwdLLM.Cli.Tests.Profiling;

/// <summary>The estimates against exact values of the same model: one direction for every coordinate.</summary>
public sealed class CandidateMeasurementTests
{
    private const int BatchSize = 4;

    [Fact]
    public void Curvature_and_block_scales_agree_with_the_exact_trace()
    {
        using var cli = new CliRun();
        TinyCheckpoint.Write(cli.Path("checkpoint"));
        using var checkpoint = Checkpoint.Open(cli.Path("checkpoint"));
        var model = ModelCompiler.Compile(checkpoint, AdapterOption.Parse("ia3"), cli.Path("compiled"), withVjp: true);
        var data = DataReader.Read(cli.Write("rows.jsonl", Rows()), new DataReadOptions());
        var pool = PublicExamples.Tokenise(data, Tokenizers.Load(model.Folder), 16, seed: 1);
        var context = new TrainingContext(new AlgorithmOptions { BatchSize = BatchSize }, model.Layout, model.Manifest.FeatureSize, pool.Classes);
        using var runtime = new StartFeatures(ModelRuntime.Open(model), context.InitialTheta(), pool.Features);
        var fitted = FittedHead.Fit(context, runtime, pool, TestContext.Current.CancellationToken);
        Assert.Equal(0, fitted.Residuals.Where((_, i) => i % pool.Classes == 0).Average(), 1e-3);

        // Many draws from the whole pool, whose traces are known exactly.
        var plan = ProfilePlan.Draw(pool.Examples.Count, 60, BatchSize, seed: 5);
        plan = plan with { Scales = [.. Enumerable.Range(0, 900).Select(b => plan.Gradients[b % 15])], Traces = [.. Enumerable.Range(0, 90).Select(b => plan.Gradients[b % 15])] };
        var measurement = new CandidateMeasurement(context, runtime, pool, fitted, plan, threads: 2);
        var scales = measurement.Scales(Ignore, TestContext.Current.CancellationToken);
        var exact = ExactTraces(context, runtime, pool, fitted);
        var floor = 0.05 * exact.Average();
        for (var b = 0; b < exact.Length; b++)
            if (exact[b] > floor) Assert.Equal(1, exact[b] * scales[b] * scales[b], 0.2);

        var profile = measurement.Run("ia3", scales, Ignore, TestContext.Current.CancellationToken);
        var trace = exact.Select((value, b) => value * scales[b] * scales[b]).Sum();
        Assert.Equal(trace, profile.Trace.Value, 4 * profile.Trace.StandardError);
        Assert.True(profile.Trace.StandardError < 0.2 * trace);
    }

    private static double[] ExactTraces(TrainingContext context, StartFeatures runtime, PublicExamples pool, FittedHead fitted)
    {
        var d = context.Layout.Dimension;
        var unit = new float[d * d];
        for (var i = 0; i < d; i++) unit[(i * d) + i] = 1;
        var run = runtime.Jvp(pool.Examples.Sequences, context.InitialTheta(), unit, TestContext.Current.CancellationToken);
        double Diagonal(int i) => SoftmaxLoss.GaussNewton(fitted.Probabilities, fitted.Head.LogitTangents(run.Tangents.AsSpan(i * run.Features.Length, run.Features.Length)), pool.Classes);
        return [.. context.Layout.Blocks.Select(block => Enumerable.Range(block.Offset, block.Length).Sum(Diagonal))];
    }

    private static string Rows() => string.Join('\n', Enumerable.Range(0, 60).Select(row =>
        JsonSerializer.Serialize(new { text = $"{(char)('a' + (row * 7 % 26))} play {(char)('a' + (row % 26))}", label = (row * row % 7).ToString(System.Globalization.CultureInfo.InvariantCulture) })));

    private static void Ignore(string what, int done, int of)
    {
    }
}
