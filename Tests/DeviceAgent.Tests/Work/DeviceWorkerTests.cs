using FwdLLM.DeviceAgent.Work;
using FwdLLM.Learning.Heads;
using FwdLLM.Learning.Training;

namespace FwdLLM.DeviceAgent.Tests.Work;

public sealed class DeviceWorkerTests
{
    private const int Texts = 30;

    public static TheoryData<bool, bool, bool> Switches => new(
        from centred in new[] { false, true } from weighted in new[] { false, true } from head in new[] { false, true } select (centred, weighted, head));

    private static AlgorithmOptions Options(bool centred, bool weighted, bool head, EstimatorKind estimator, double epsilon = 1e-3) => new()
    {
        CentredResiduals = centred,
        ImportanceSampling = weighted,
        HeadInTheta = head,
        HeadFirst = !head,
        Estimator = estimator,
        Epsilon = epsilon,
    };

    private static WorkResult Probe(AlgorithmOptions options, ModelSnapshot snapshot, int probes = 6, int batch = 8)
        => ToyJob.Worker(ToyJob.Context(options), new ToyRuntime(Texts), Texts).Execute(ToyJob.Order(WorkKind.Probes, probes, batch), snapshot, TestContext.Current.CancellationToken);

    [Theory]
    [MemberData(nameof(Switches))]
    public void Estimators_agree_on_the_same_order(bool centred, bool weighted, bool head)
    {
        var exact = Probe(Options(centred, weighted, head, EstimatorKind.Jvp), ToyJob.Snapshot()).Scalars;
        Assert.All(exact, value => Assert.NotEqual(0, value));
        Close(exact, Probe(Options(centred, weighted, head, EstimatorKind.Oracle), ToyJob.Snapshot()).Scalars, 2e-6);
        Close(exact, Probe(Options(centred, weighted, head, EstimatorKind.CentralLimit), ToyJob.Snapshot()).Scalars, 2e-6);
        Close(exact, Probe(Options(centred, weighted, head, EstimatorKind.Central), ToyJob.Snapshot()).Scalars, 1e-3);
        Close(exact, Probe(Options(centred, weighted, head, EstimatorKind.OneSided, 1e-4), ToyJob.Snapshot()).Scalars, 1e-2);
    }

    [Theory]
    [MemberData(nameof(Switches))]
    public void Forward_examples_are_those_that_passed_forward(bool centred, bool weighted, bool head)
    {
        foreach (var estimator in new[] { EstimatorKind.Jvp, EstimatorKind.OneSided, EstimatorKind.Central })
        {
            var runtime = new ToyRuntime(Texts);
            var worker = ToyJob.Worker(ToyJob.Context(Options(centred, weighted, head, estimator)), runtime, Texts);
            foreach (var order in new[]
            {
                ToyJob.Order(WorkKind.FeatureStatistics, 0, 0), ToyJob.Order(WorkKind.HeadGradient, 0, 0), ToyJob.Order(WorkKind.Curvature, 3, 8), ToyJob.Order(WorkKind.Probes, 5, 8),
                ToyJob.Order(WorkKind.Probes, 5, 8), ToyJob.Order(WorkKind.Probes, 5, 0), ToyJob.Order(WorkKind.Probes, 5, 500), ToyJob.Order(WorkKind.HeadGradient, 0, 0),
            })
            {
                var before = runtime.Passed;
                Assert.Equal(worker.Execute(order, ToyJob.Snapshot(), TestContext.Current.CancellationToken).ForwardExamples, runtime.Passed - before);
            }
        }
    }

    [Theory]
    [InlineData(EstimatorKind.Jvp, EstimatorKind.Oracle)]
    [InlineData(EstimatorKind.Central, EstimatorKind.CentralLimit)]
    public void What_backpropagates_counts_the_passes_of_what_it_stands_for(EstimatorKind device, EstimatorKind bench)
        => Assert.All(new[] { true, false }, centred =>
            Assert.Equal(Probe(Options(centred, false, false, device), ToyJob.Snapshot()).ForwardExamples, Probe(Options(centred, false, false, bench), ToyJob.Snapshot()).ForwardExamples));

    [Fact]
    public void Curvature_scalars_are_gauss_newton_forms_of_one_block_each()
    {
        var context = ToyJob.Context(new AlgorithmOptions());
        var (runtime, snapshot, order) = (new ToyRuntime(Texts), ToyJob.Snapshot(), ToyJob.Order(WorkKind.Curvature, 4, 0, slot: 0));
        var scalars = ToyJob.Worker(context, runtime, Texts).Execute(order, snapshot, TestContext.Current.CancellationToken).Scalars;
        var source = new DirectionSource(context, [], order);
        var v = new float[ToyRuntime.D];
        for (var k = 0; k < 4; k++)
        {
            source.Fill(k, v);
            Assert.All(v.Select((value, i) => (value, i)), entry => Assert.Equal(entry.i < 5 == (k % 2 == 0) ? 1 : 0, Math.Abs(entry.value)));

            // Tangents of the probabilities by differences: p' = (diag p − ppᵀ)z', so vᵀGv = mean of ⟨z', p'⟩.
            const double Step = 1e-3;
            double[] Logits(double sign) => new SoftmaxHead(ToyRuntime.C, snapshot.FeatureMean, snapshot.FeatureScale, snapshot.Head).Logits(runtime.Features(
                ToyRuntime.Texts(Texts), [.. v.Select((value, i) => (float)(snapshot.Theta[i] + (sign * Step * value * snapshot.BlockScale[i < 5 ? 0 : 1])))]));
            var (above, below) = (Logits(1), Logits(-1));
            var form = above.Zip(below, (a, b) => a - b).Zip(SoftmaxLoss.Probabilities(above, ToyRuntime.C).Zip(SoftmaxLoss.Probabilities(below, ToyRuntime.C), (a, b) => a - b), (z, p) => z * p).Sum() / (4 * Step * Step * Texts);
            Assert.Equal(form, scalars[k], 2e-3 * form);
        }
    }

    [Fact]
    public void Restarted_worker_gives_the_same_bits_and_pays_for_weighing_again()
    {
        var context = ToyJob.Context(Options(true, true, false, EstimatorKind.Jvp));
        var kept = ToyJob.Worker(context, new ToyRuntime(Texts), Texts);
        var (first, second) = (ToyJob.Snapshot() with { Theta = context.InitialTheta() }, ToyJob.Snapshot());
        kept.Execute(ToyJob.Order(WorkKind.FeatureStatistics, 0, 0), first, TestContext.Current.CancellationToken);
        kept.Execute(ToyJob.Order(WorkKind.HeadGradient, 0, 0), first, TestContext.Current.CancellationToken);
        kept.Execute(ToyJob.Order(WorkKind.Probes, 3, 8, round: 1), ToyJob.Snapshot(6), TestContext.Current.CancellationToken);
        var expected = kept.Execute(ToyJob.Order(WorkKind.Probes, 3, 8), second, TestContext.Current.CancellationToken);
        var restarted = Probe(context.Options, second, 3);
        Assert.Equal(expected.Scalars, restarted.Scalars);
        Assert.Equal((expected.LossSum, expected.Correct, expected.Examples), (restarted.LossSum, restarted.Correct, restarted.Examples));
        Assert.Equal(expected.ForwardExamples + Texts, restarted.ForwardExamples);
    }

    [Fact]
    public void Weights_follow_the_head_by_its_values()
    {
        var context = ToyJob.Context(Options(true, true, false, EstimatorKind.Jvp));
        var worker = ToyJob.Worker(context, new ToyRuntime(Texts), Texts);
        var snapshot = ToyJob.Snapshot();
        worker.Execute(ToyJob.Order(WorkKind.Probes, 3, 8), snapshot with { Head = new float[8] }, TestContext.Current.CancellationToken);
        Assert.Equal(Probe(context.Options, snapshot, 3).Scalars, worker.Execute(ToyJob.Order(WorkKind.Probes, 3, 8), snapshot, TestContext.Current.CancellationToken).Scalars);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(Texts)]
    [InlineData(4096)]
    public void Shard_that_fits_the_batch_is_used_whole_and_unweighted(int batch)
    {
        var weighted = Probe(Options(true, true, false, EstimatorKind.Jvp), ToyJob.Snapshot(), 4, batch);
        Assert.Equal((Texts, 5L * Texts), (weighted.Examples, weighted.ForwardExamples));
        Assert.Equal(Probe(Options(true, false, false, EstimatorKind.Jvp), ToyJob.Snapshot(), 4, batch).Scalars, weighted.Scalars);
    }

    [Fact]
    public void Orders_snapshots_and_shards_that_do_not_fit_are_named()
    {
        var context = ToyJob.Context(new AlgorithmOptions());
        var worker = ToyJob.Worker(context, new ToyRuntime(Texts), Texts);
        string Message(WorkKind kind, ModelSnapshot snapshot) => Assert.Throws<ArgumentException>(() => worker.Execute(ToyJob.Order(kind, 1, 2), snapshot, CancellationToken.None)).Message;
        Assert.Contains("kind 77", Message((WorkKind)77, ToyJob.Snapshot()), StringComparison.Ordinal);
        Assert.Contains("θ of 3", Message(WorkKind.Probes, ToyJob.Snapshot() with { Theta = new float[3] }), StringComparison.Ordinal);
        Assert.Contains("head of 3", Message(WorkKind.Probes, ToyJob.Snapshot() with { Head = new float[3] }), StringComparison.Ordinal);
        Assert.Contains("1 block scales", Message(WorkKind.Probes, ToyJob.Snapshot() with { BlockScale = [1] }), StringComparison.Ordinal);
        Assert.Contains("class 2", Assert.Throws<ArgumentException>(() => new DeviceWorker(context, new ToyRuntime(2), new LocalExamples(ToyRuntime.Texts(2), [0, 2]))).Message, StringComparison.Ordinal);
        Assert.Contains("no example", Assert.Throws<ArgumentException>(() => new LocalExamples([], Array.Empty<int>())).Message, StringComparison.Ordinal);
        Assert.Contains("1 labels", Assert.Throws<ArgumentException>(() => new LocalExamples(ToyRuntime.Texts(2), [0])).Message, StringComparison.Ordinal);
        Assert.Throws<OperationCanceledException>(() => worker.Execute(ToyJob.Order(WorkKind.FeatureStatistics, 0, 0), ToyJob.Snapshot(), new CancellationToken(canceled: true)));
    }

    private static void Close(float[] expected, float[] actual, double tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        var scale = expected.Max(Math.Abs);
        for (var k = 0; k < expected.Length; k++)
            Assert.True(Math.Abs(expected[k] - actual[k]) <= tolerance * scale, $"[{k}]: expected {expected[k]}, got {actual[k]}");
    }
}
