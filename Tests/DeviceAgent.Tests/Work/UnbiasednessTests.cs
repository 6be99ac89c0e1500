using FwdLLM.Learning.Heads;
using FwdLLM.Learning.Training;

namespace FwdLLM.DeviceAgent.Tests.Work;

/// <summary>
/// What the mean of s·v over many rounds is, for residuals r and Jacobians J of a shard of N: with g = mean of Jᵀr, r̄ and J̄ their means,
/// plain g; centred N/(N − 1)·(g − J̄ᵀr̄); weighted by 1/(Nq) g; weighted and centred g − J_qᵀr̄ with J_q the mean of J under q.
/// Where the head's biases are at their optimum on the shard, r̄ = 0 and all are g, up to the factor.
/// </summary>
public sealed class UnbiasednessTests
{
    private const int N = 15, Batch = 4, Rounds = 6000, D = ToyRuntime.D;

    public static TheoryData<bool, bool, bool> Switches => new(
        from centred in new[] { false, true } from weighted in new[] { false, true } from fitted in new[] { false, true } select (centred, weighted, fitted));

    [Theory]
    [MemberData(nameof(Switches))]
    public void Mean_of_scalars_times_directions_converges_to_what_the_derivation_says(bool centred, bool weighted, bool fitted)
    {
        var context = ToyJob.Context(new AlgorithmOptions { CentredResiduals = centred, ImportanceSampling = weighted });
        var snapshot = ToyJob.Snapshot() with { BlockScale = [1, 1] };
        if (fitted) snapshot = FitBiases(snapshot);
        else snapshot.Head[^1] += 2; // far from any optimum, so that r̄ is large
        var (gradient, target) = Expected(context, snapshot, centred, weighted);

        var apart = Distance(gradient, target) / Distance(gradient, new double[D]);
        if (centred && !fitted) Assert.True(apart > 0.1, "the two could not be told apart");
        else Assert.InRange(apart, 0, centred && !weighted ? 1.0001 / (N - 1) : 1e-4);

        var worker = ToyJob.Worker(context, new ToyRuntime(N), N);
        var sum = new double[D];
        var squares = 0.0;
        var v = new float[D];
        for (var round = 1u; round <= Rounds; round++)
        {
            var order = ToyJob.Order(WorkKind.Probes, 4, Batch, round, round % 3);
            var scalars = worker.Execute(order, snapshot, TestContext.Current.CancellationToken).Scalars;
            var source = new DirectionSource(context, [], order);
            var estimate = new double[D];
            for (var k = 0; k < 4; k++)
            {
                source.Fill(k, v);
                for (var i = 0; i < D; i++) estimate[i] += scalars[k] * v[i] / 4;
            }

            for (var i = 0; i < D; i++) sum[i] += estimate[i];
            squares += Distance(estimate, target);

            // E‖mean − target‖² = E‖ĝ − target‖²/R: off by more means bias, and the same at R/20 that the rate is right.
            if (round is Rounds / 20 or Rounds) Assert.InRange(Distance(Array.ConvertAll(sum, value => value / round), target) / (squares / round / round), 0.1, 2.6);
        }
    }

    private static ModelSnapshot FitBiases(ModelSnapshot snapshot)
    {
        var head = (float[])snapshot.Head.Clone();
        for (var step = 0; step < 300; step++)
        {
            var p = SoftmaxLoss.Probabilities(Head(snapshot with { Head = head }).Logits(new ToyRuntime(N).Features(ToyRuntime.Texts(N), snapshot.Theta)), 2);
            var mean = Enumerable.Range(0, N).Average(x => p[(2 * x) + 1]);
            var wanted = Enumerable.Range(0, N).Average(ToyRuntime.Label);
            head[^1] += (float)(Math.Log(wanted / (1 - wanted)) - Math.Log(mean / (1 - mean)));
        }

        return snapshot with { Head = head };
    }

    private static (double[] Gradient, double[] Target) Expected(TrainingContext context, ModelSnapshot snapshot, bool centred, bool weighted)
    {
        var runtime = new ToyRuntime(N);
        int[] labels = [.. Enumerable.Range(0, N).Select(ToyRuntime.Label)];
        var residuals = SoftmaxLoss.Residuals(Head(snapshot).Logits(runtime.Features(ToyRuntime.Texts(N), snapshot.Theta)), labels, 2);
        var sizes = SoftmaxLoss.Residuals(Head(snapshot).Logits(runtime.Features(ToyRuntime.Texts(N), context.InitialTheta())), labels, 2)
            .Chunk(2).Select(r => Math.Sqrt((r[0] * r[0]) + (r[1] * r[1]))).ToArray();
        double[] q = [.. sizes.Select(size => weighted ? (0.2 / N) + (0.8 * size / sizes.Sum()) : 1.0 / N)];
        double[] mean = [residuals.Where((_, i) => i % 2 == 0).Average(), residuals.Where((_, i) => i % 2 == 1).Average()];
        var (gradient, target) = (new double[D], new double[D]);
        for (var i = 0; i < D; i++)
        {
            var v = new float[D];
            v[i] = 1;
            var tangents = Head(snapshot).LogitTangents(runtime.Jvp(ToyRuntime.Texts(N), snapshot.Theta, v).Tangents);
            for (var x = 0; x < 2 * N; x++)
            {
                gradient[i] += residuals[x] * tangents[x] / N;
                target[i] += ((residuals[x] / N) - (centred ? q[x / 2] * mean[x % 2] : 0)) * tangents[x];
            }

            if (centred && !weighted) target[i] *= N / (N - 1.0);
        }

        return (gradient, target);
    }

    private static SoftmaxHead Head(ModelSnapshot snapshot) => new(2, snapshot.FeatureMean, snapshot.FeatureScale, snapshot.Head);

    private static double Distance(double[] a, double[] b) => a.Zip(b, (x, y) => (x - y) * (x - y)).Sum();
}
