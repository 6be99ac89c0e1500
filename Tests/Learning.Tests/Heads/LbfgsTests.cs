using FwdLLM.Learning.Estimation;
using FwdLLM.Learning.Heads;

namespace FwdLLM.Learning.Tests.Heads;

public sealed class LbfgsTests
{
    private readonly HeadProblem _problem = new();

    private double Optimum()
    {
        var point = new double[HeadProblem.Dimension];
        for (var step = 0; step < 4000; step++)
        {
            var gradient = _problem.Evaluate(point).Gradient;
            for (var i = 0; i < point.Length; i++) point[i] -= 0.5 * gradient[i];
        }

        return _problem.Evaluate(point).Value;
    }

    private static LbfgsState Run(LbfgsState state, int evaluations, Func<double[], (double Value, double[] Gradient)> function)
    {
        for (var i = 0; i < evaluations && !state.Converged; i++)
        {
            var (value, gradient) = function(state.Point);
            state = Lbfgs.Next(state, value, gradient);
        }

        return state;
    }

    [Fact]
    public void Next_reaches_the_optimum_that_thousands_of_gradient_steps_reach()
    {
        var state = Run(Lbfgs.Start(new double[HeadProblem.Dimension]), 40, _problem.Evaluate);
        Assert.Equal(Optimum(), state.BestValue, 1e-6);
    }

    [Fact]
    public void Next_on_a_steep_bowl_scales_its_steps_by_the_curvature_it_has_seen()
    {
        // Curvatures from 1,000 to 20,000: without the scaling by s·y/y·y every search would start a thousand times too long.
        var state = Run(Lbfgs.Start([.. Enumerable.Range(1, 20).Select(i => 1.0 / i)]), 25, x =>
            (x.Select((v, i) => 500.0 * (i + 1) * v * v).Sum(), [.. x.Select((v, i) => 1000.0 * (i + 1) * v)]));
        Assert.True(state.BestValue < 1e-3, $"{state.BestValue} after {state.Evaluations} evaluations");
    }

    [Fact]
    public void Next_with_gradients_of_16_bits_reaches_the_optimum_too()
    {
        var state = Run(Lbfgs.Start(new double[HeadProblem.Dimension]), 60, point =>
        {
            var (value, gradient) = _problem.Evaluate(point);
            return (value, PackedVector.Unpack(PackedVector.Pack(gradient), gradient.Length));
        });
        Assert.Equal(Optimum(), state.BestValue, 1e-6);
    }

    [Fact]
    public void Next_on_a_curved_valley_descends_to_its_end()
    {
        var state = Run(Lbfgs.Start([-1.2, 1]), 120, Rosenbrock);
        Assert.Equal(1, state.Best[0], 1e-4);
        Assert.Equal(1, state.Best[1], 1e-4);
    }

    [Fact]
    public void Next_with_useless_gradients_never_loses_the_best_point()
    {
        // The gradient points the wrong way in every coordinate: no step can be accepted, and the search must stop where it began.
        var state = Run(Lbfgs.Start([3.0, -4]), 100, x => (x.Sum(v => v * v), [.. x.Select(v => -v)]));
        Assert.True(state.Converged);
        Assert.Equal([3.0, -4], state.Best);
        Assert.Equal(25, state.BestValue);
    }

    [Fact]
    public void Next_survives_evaluations_that_are_not_finite()
    {
        // Infinite beyond 2: the first steps from 1.9 towards the minimum of -x^2/2 at the wall must be shortened, not followed.
        var state = Run(Lbfgs.Start([1.9]), 60, x => x[0] > 2 ? (double.PositiveInfinity, [double.NaN]) : (-x[0] * x[0] / 2, [-x[0]]));
        Assert.InRange(state.Best[0], 1.99, 2);
        Assert.True(double.IsFinite(state.BestValue));
    }

    [Fact]
    public void Next_from_a_stored_state_continues_with_the_same_bits()
    {
        var straight = Run(Lbfgs.Start([-1.2, 1]), 25, Rosenbrock);
        var stored = Lbfgs.Start([-1.2, 1]);
        for (var i = 0; i < 25; i++) stored = Run(Bytes.Read(Bytes.Of(stored.Write), LbfgsState.Read), 1, Rosenbrock);
        Assert.Equal(Bytes.Of(straight.Write), Bytes.Of(stored.Write));
        Assert.Equal(Lbfgs.HistoryLength, stored.PointChanges.Length);
    }

    [Fact]
    public void Read_of_damage_is_refused()
    {
        var bytes = Bytes.Of(Run(Lbfgs.Start([-1.2, 1]), 9, Rosenbrock).Write);
        Bytes.EveryCutIsRefused(bytes, LbfgsState.Read);
        bytes[20] = 200;
        Assert.Contains("history", Assert.Throws<InvalidDataException>(() => Bytes.Read(bytes, LbfgsState.Read)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Next_at_a_start_that_is_not_finite_is_refused() =>
        Assert.Throws<ArgumentException>(() => Lbfgs.Next(Lbfgs.Start([1.0]), double.NaN, [1.0]));

    private static (double Value, double[] Gradient) Rosenbrock(double[] x)
    {
        var (a, b) = (1 - x[0], x[1] - x[0] * x[0]);
        return (a * a + 100 * b * b, [-2 * a - 400 * x[0] * b, 200 * b]);
    }
}
