namespace FwdLLM.Learning.Heads;

/// <summary>
/// L-BFGS (Nocedal 1980; Nocedal and Wright, algorithm 7.4) with a backtracking Armijo line search, driven from outside one evaluation at a
/// time, because here an evaluation is a federated round. It never accepts a point that does not lower the value, so rounding in the
/// gradient can slow it down but not make it diverge; the best point is always at hand.
/// </summary>
public static class Lbfgs
{
    /// <summary>Pairs of changes that are remembered.</summary>
    public const int HistoryLength = 6;

    private const double Armijo = 1e-4;
    private const double GradientTolerance = 1e-6;
    private const double ValueTolerance = 1e-12;
    private const double Curvature = 1e-8;
    private const int MaxBacktracks = 12;

    /// <summary>Starts; the first evaluation is at x0.</summary>
    /// <exception cref="ArgumentException">x0 is empty or not finite.</exception>
    public static LbfgsState Start(double[] x0)
    {
        ArgumentNullException.ThrowIfNull(x0);
        if (x0.Length == 0 || !Array.TrueForAll(x0, double.IsFinite)) throw new ArgumentException($"A start of {x0.Length} values; give at least one, all finite.", nameof(x0));
        var start = (double[])x0.Clone();
        return new LbfgsState { Point = start, Best = start, Base = start, BaseGradient = new double[start.Length], Direction = new double[start.Length] };
    }

    /// <summary>Takes value and gradient at <see cref="LbfgsState.Point"/> and decides where to evaluate next. A converged state stays as it is.</summary>
    /// <param name="state">State.</param>
    /// <param name="value">Function value; one that is not finite counts as too high.</param>
    /// <param name="gradient">Gradient [d].</param>
    /// <exception cref="ArgumentException">The gradient has another length, or the very first evaluation is not finite.</exception>
    public static LbfgsState Next(LbfgsState state, double value, ReadOnlySpan<double> gradient)
    {
        ArgumentNullException.ThrowIfNull(state);
        if (gradient.Length != state.Point.Length) throw new ArgumentException($"A gradient of {gradient.Length} values for {state.Point.Length} parameters.", nameof(gradient));
        if (state.Converged) return state;
        var usable = double.IsFinite(value) && double.IsFinite(Dot(gradient, gradient));
        var first = state.Evaluations == 0;
        if (first && !usable) throw new ArgumentException($"The value at the start is {value}, with a gradient that is {(double.IsFinite(value) ? "not " : "")}finite; start elsewhere.", nameof(value));
        state = state with { Evaluations = state.Evaluations + 1 };
        if (usable && value < state.BestValue) state = state with { Best = state.Point, BestValue = value };
        if (first) return Search(Accept(state, value, gradient) with { FirstGradientNorm = Math.Sqrt(Dot(gradient, gradient)) });

        var slope = Dot(state.BaseGradient, state.Direction);
        if (!usable || value > state.BaseValue + Armijo * state.StepLength * slope) return Shorten(state, usable ? value : double.NaN, slope);
        var gain = state.BaseValue - value;
        var accepted = Accept(Remember(state, gradient), value, gradient);
        return gain <= ValueTolerance * Math.Abs(value) ? accepted with { Converged = true } : Search(accepted);
    }

    private static LbfgsState Accept(LbfgsState state, double value, ReadOnlySpan<double> gradient) =>
        state with { Base = state.Point, BaseValue = value, BaseGradient = gradient.ToArray(), Backtracks = 0 };

    /// <summary>Adds the newest pair of changes, unless its curvature is not clearly positive.</summary>
    private static LbfgsState Remember(LbfgsState state, ReadOnlySpan<double> gradient)
    {
        var s = new double[gradient.Length];
        var y = new double[gradient.Length];
        for (var i = 0; i < s.Length; i++)
        {
            s[i] = state.Point[i] - state.Base[i];
            y[i] = gradient[i] - state.BaseGradient[i];
        }

        if (Dot(s, y) <= Curvature * Math.Sqrt(Dot(s, s) * Dot(y, y))) return state;
        var keep = Math.Max(0, state.PointChanges.Length - (HistoryLength - 1));
        return state with { PointChanges = [.. state.PointChanges[keep..], s], GradientChanges = [.. state.GradientChanges[keep..], y] };
    }

    /// <summary>Starts a line search at the base.</summary>
    private static LbfgsState Search(LbfgsState state)
    {
        var norm = Math.Sqrt(Dot(state.BaseGradient, state.BaseGradient));
        if (norm <= GradientTolerance * state.FirstGradientNorm || norm == 0) return state with { Converged = true };
        var direction = Direction(state);
        if (!(Dot(direction, state.BaseGradient) < 0))
        {
            state = state with { PointChanges = [], GradientChanges = [] };
            direction = Direction(state);
        }

        // Without curvature the length of a gradient means nothing: the first step has length 1 or less.
        var step = state.PointChanges.Length == 0 ? Math.Min(1, 1 / norm) : 1;
        return At(state with { Direction = direction }, step);
    }

    /// <summary>Shortens a step that did not lower the value enough: to the minimum of the parabola through what is known, between a tenth and a half.</summary>
    private static LbfgsState Shorten(LbfgsState state, double value, double slope)
    {
        if (state.Backtracks >= MaxBacktracks)
            return state.PointChanges.Length == 0
                ? state with { Converged = true }
                : Search(state with { PointChanges = [], GradientChanges = [], Backtracks = 0 });
        var step = state.StepLength;
        var parabola = -slope * step * step / (2 * (value - state.BaseValue - slope * step));
        var next = double.IsNaN(parabola) ? step / 10 : Math.Clamp(parabola, step / 10, step / 2);
        return At(state with { Backtracks = state.Backtracks + 1 }, next);
    }

    private static LbfgsState At(LbfgsState state, double step)
    {
        var point = new double[state.Base.Length];
        for (var i = 0; i < point.Length; i++) point[i] = state.Base[i] + step * state.Direction[i];
        return state with { Point = point, StepLength = step };
    }

    /// <summary>−H·g by the two-loop recursion, H₀ = (sᵀy/yᵀy)·I of the newest pair.</summary>
    private static double[] Direction(LbfgsState state)
    {
        var q = new double[state.BaseGradient.Length];
        for (var i = 0; i < q.Length; i++) q[i] = -state.BaseGradient[i];
        var (s, y) = (state.PointChanges, state.GradientChanges);
        var alpha = new double[s.Length];
        for (var j = s.Length - 1; j >= 0; j--)
        {
            alpha[j] = Dot(s[j], q) / Dot(s[j], y[j]);
            AddScaled(q, -alpha[j], y[j]);
        }

        if (s.Length > 0)
        {
            var gamma = Dot(s[^1], y[^1]) / Dot(y[^1], y[^1]);
            for (var i = 0; i < q.Length; i++) q[i] *= gamma;
        }

        for (var j = 0; j < s.Length; j++) AddScaled(q, alpha[j] - Dot(y[j], q) / Dot(s[j], y[j]), s[j]);
        return q;
    }

    private static void AddScaled(Span<double> target, double factor, ReadOnlySpan<double> vector)
    {
        for (var i = 0; i < target.Length; i++) target[i] += factor * vector[i];
    }

    private static double Dot(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        var sum = 0.0;
        for (var i = 0; i < a.Length; i++) sum += a[i] * b[i];
        return sum;
    }
}
