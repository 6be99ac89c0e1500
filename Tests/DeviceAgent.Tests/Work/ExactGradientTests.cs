using FwdLLM.Learning.Estimation;
using FwdLLM.Learning.Training;

namespace FwdLLM.DeviceAgent.Tests.Work;

/// <summary>Orders of kind <see cref="WorkKind.ExactGradient"/>.</summary>
public sealed class ExactGradientTests
{
    private const int Texts = 30, Batch = 8;

    public static TheoryData<bool, bool, bool> Switches => DeviceWorkerTests.Switches;

    private static TrainingContext Context(bool centred, bool weighted, bool head) => ToyJob.Context(new AlgorithmOptions
    {
        CentredResiduals = centred,
        ImportanceSampling = weighted,
        HeadInTheta = head,
        HeadFirst = !head,
    });

    private static WorkOrder Order(uint round = 2, uint wave = 0, int batch = Batch) => ToyJob.Order(WorkKind.ExactGradient, 0, batch, round) with { Wave = wave };

    private static WorkResult Execute(TrainingContext context, WorkOrder order) =>
        ToyJob.Worker(context, new ToyRuntime(Texts), Texts).Execute(order, ToyJob.Snapshot(), TestContext.Current.CancellationToken);

    private static double[] Unpack(TrainingContext context, WorkResult result) => PackedGradient.Unpack(result.Vector, context.ProbedBlocks);

    [Theory]
    [MemberData(nameof(Switches))]
    public void Gradient_gives_the_scalars_that_the_same_device_would_have_measured(bool centred, bool weighted, bool head)
    {
        var context = Context(centred, weighted, head);
        var probes = ToyJob.Order(WorkKind.Probes, 8, Batch);
        var (measured, exact) = (Execute(context, probes), Execute(context, Order()));
        Assert.Equal((measured.Examples, measured.LossSum, measured.Correct), (exact.Examples, exact.LossSum, exact.Correct)); // the same batch
        var gradient = Unpack(context, exact);

        // Each coordinate is off by less than one unit of its block, at most a 63rd of its largest value.
        var slack = context.ProbedBlocks.Sum(block => block.Length * gradient.Skip(block.Offset).Take(block.Length).Max(Math.Abs) / 63);
        var source = new DirectionSource(context, [], probes);
        var v = new float[context.ProbedDimension];
        for (var k = 0; k < 8; k++)
        {
            source.Fill(k, v);
            Assert.Equal(measured.Scalars[k], gradient.Zip(v, (g, x) => g * x).Sum(), slack);
        }

        Assert.True(slack < 0.25 * Math.Sqrt(gradient.Sum(g => g * g) * gradient.Length), "the slack would let anything pass");
    }

    [Fact]
    public void Mean_over_roundings_is_the_gradient_of_the_shard()
    {
        const int Rounds = 3000;
        var context = Context(true, false, false);
        var worker = ToyJob.Worker(context, new ToyRuntime(Texts), Texts);
        var mean = new double[ToyRuntime.D];
        for (var round = 1u; round <= Rounds; round++)
        {
            var read = Unpack(context, worker.Execute(Order(round, batch: 0), ToyJob.Snapshot(), TestContext.Current.CancellationToken));
            for (var i = 0; i < mean.Length; i++) mean[i] += read[i] / Rounds;
        }

        // Along each axis by forward mode, in scaled coordinates.
        var snapshot = ToyJob.Snapshot();
        var (features, tangents) = (new ToyRuntime(Texts).Features(ToyRuntime.Texts(Texts), snapshot.Theta, TestContext.Current.CancellationToken), new double[ToyRuntime.D]);
        var head = new Learning.Heads.SoftmaxHead(ToyRuntime.C, snapshot.FeatureMean, snapshot.FeatureScale, snapshot.Head);
        var residuals = Learning.Heads.SoftmaxLoss.Residuals(head.Logits(features), [.. Enumerable.Range(0, Texts).Select(ToyRuntime.Label)], ToyRuntime.C);
        for (var i = 0; i < tangents.Length; i++)
        {
            var v = new float[ToyRuntime.D];
            v[i] = snapshot.BlockScale[i < 5 ? 0 : 1];
            tangents[i] = Learning.Heads.SoftmaxLoss.DirectionalDerivative(residuals, head.LogitTangents(new ToyRuntime(Texts).Jvp(ToyRuntime.Texts(Texts), snapshot.Theta, v, TestContext.Current.CancellationToken).Tangents), ToyRuntime.C);
        }

        foreach (var block in context.ProbedBlocks)
        {
            var unit = tangents.Skip(block.Offset).Take(block.Length).Max(Math.Abs) * 2 / 127;
            for (var i = block.Offset; i < block.Offset + block.Length; i++) Assert.Equal(tangents[i], mean[i], 4 * unit / 2 / Math.Sqrt(Rounds));
        }
    }

    [Fact]
    public void Restarted_worker_gives_the_same_bits()
    {
        var context = Context(true, true, false);
        var worker = ToyJob.Worker(context, new ToyRuntime(Texts), Texts);
        for (var round = 0u; round < 2; round++) worker.Execute(Order(round), ToyJob.Snapshot(6), TestContext.Current.CancellationToken);
        Assert.Equal(Execute(context, Order()).Vector, worker.Execute(Order(), ToyJob.Snapshot(), TestContext.Current.CancellationToken).Vector);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Later_wave_draws_another_batch(bool weighted)
    {
        var context = Context(true, weighted, false);
        Assert.NotEqual(Execute(context, Order()).LossSum, Execute(context, Order(wave: 1)).LossSum);
        WorkOrder Probes(uint wave) => ToyJob.Order(WorkKind.Probes, 2, Batch) with { Wave = wave };
        Assert.Equal(Execute(context, Probes(0)).LossSum, Execute(context, Probes(1)).LossSum);
    }

    [Fact]
    public void Gradient_counts_three_passes_an_example()
    {
        Assert.Equal(3 * Batch, Execute(Context(false, false, false), Order()).ForwardExamples);
        Assert.Equal((3 * Batch) + Texts, Execute(Context(true, false, false), Order()).ForwardExamples); // the shard once, to centre
    }

    [Fact]
    public void Job_with_half_its_devices_exact_gives_the_same_bits_twice_and_ends_lower_than_with_probes_alone()
    {
        var options = new AlgorithmOptions { BatchSize = 8, ProbesPerDevice = 4, MaxRounds = 25, HeadIterations = 30, HeadRidge = 0.006, HeadLast = false };
        var (probes, mixed) = (ToyJob.Run(options, 4, 120), ToyJob.Run(options, 4, 120, exact: slot => slot % 2 == 1));
        Assert.Equal(mixed.Select(state => state.AdapterSha256()), ToyJob.Run(options, 4, 120, exact: slot => slot % 2 == 1).Select(state => state.AdapterSha256()));
        var (withProbes, withBoth) = (ToyJob.Loss(probes[^1], 120), ToyJob.Loss(mixed[^1], 120));
        Assert.True(withBoth < withProbes, $"{withBoth:f4} with both kinds, {withProbes:f4} with probes");
        Assert.Equal(2, mixed[^1].Report["exact-gradients"]);
    }
}
