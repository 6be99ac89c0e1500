using FwdLLM.Learning.Heads;
using FwdLLM.Learning.Training;

namespace FwdLLM.DeviceAgent.Tests.Work;

/// <summary>The mean of s·v over many rounds is the shard's gradient: centred or not, weighted or not, with the head at its optimum on the shard or far from it, away from the adapter's start.</summary>
public sealed class UnbiasednessTests
{
    private const int N = 15, Batch = 4, Rounds = 6000, D = ToyRuntime.D;

    public static TheoryData<bool, bool, bool> Switches => new(
        from centred in new[] { false, true } from weighted in new[] { false, true } from fitted in new[] { false, true } select (centred, weighted, fitted));

    [Theory]
    [MemberData(nameof(Switches))]
    public void Mean_of_scalars_times_directions_converges_to_the_gradient_of_the_shard(bool centred, bool weighted, bool fitted)
    {
        var context = ToyJob.Context(new AlgorithmOptions { CentredResiduals = centred, ImportanceSampling = weighted });
        var snapshot = ToyJob.Snapshot() with { BlockScale = [1, 1] };
        if (fitted) snapshot = FitBiases(snapshot);
        else snapshot.Head[^1] += 2; // far from any optimum, so that r̄ is large
        var gradient = Gradient(snapshot);
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
            squares += Distance(estimate, gradient);

            // E‖mean − g‖² = E‖ĝ − g‖²/R: off by more means bias, and the same at R/20 that the rate is right.
            if (round is Rounds / 20 or Rounds) Assert.InRange(Distance(Array.ConvertAll(sum, value => value / round), gradient) / (squares / round / round), 0.1, 2.6);
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

    private static double[] Gradient(ModelSnapshot snapshot)
    {
        var runtime = new ToyRuntime(N);
        var residuals = SoftmaxLoss.Residuals(Head(snapshot).Logits(runtime.Features(ToyRuntime.Texts(N), snapshot.Theta)), [.. Enumerable.Range(0, N).Select(ToyRuntime.Label)], 2);
        var gradient = new double[D];
        for (var i = 0; i < D; i++)
        {
            var v = new float[D];
            v[i] = 1;
            gradient[i] = SoftmaxLoss.DirectionalDerivative(residuals, Head(snapshot).LogitTangents(runtime.Jvp(ToyRuntime.Texts(N), snapshot.Theta, v).Tangents), 2);
        }

        return gradient;
    }

    private static SoftmaxHead Head(ModelSnapshot snapshot) => new(2, snapshot.FeatureMean, snapshot.FeatureScale, snapshot.Head);

    private static double Distance(double[] a, double[] b) => a.Zip(b, (x, y) => (x - y) * (x - y)).Sum();
}
