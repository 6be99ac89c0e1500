namespace FwdLLM.Learning.Optimisers;

/// <summary>Adam (Kingma and Ba, arXiv 1412.6980, algorithm 1).</summary>
public static class Adam
{
    /// <summary>One step: m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g², Δ = −α·m̂/(√v̂ + ε) with m̂ = m/(1 − β₁ᵗ) and v̂ = v/(1 − β₂ᵗ).</summary>
    /// <param name="state">Memory before the step.</param>
    /// <param name="gradient">Estimate of the gradient [d].</param>
    /// <param name="options">Constants.</param>
    /// <returns>What to add to the parameters [d], and the memory after the step.</returns>
    /// <exception cref="ArgumentException">The gradient has another length than the memory.</exception>
    public static (double[] Delta, AdamState State) Step(AdamState state, ReadOnlySpan<double> gradient, AdamOptions options)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentNullException.ThrowIfNull(options);
        if (gradient.Length != state.FirstMoment.Length)
            throw new ArgumentException($"A gradient of {gradient.Length} values for an Adam state of {state.FirstMoment.Length}.", nameof(gradient));
        var steps = state.Steps + 1;
        var correction1 = 1 - Math.Pow(options.Beta1, steps);
        var correction2 = 1 - Math.Pow(options.Beta2, steps);
        var (delta, first, second) = (new double[gradient.Length], new double[gradient.Length], new double[gradient.Length]);
        for (var i = 0; i < gradient.Length; i++)
        {
            first[i] = options.Beta1 * state.FirstMoment[i] + (1 - options.Beta1) * gradient[i];
            second[i] = options.Beta2 * state.SecondMoment[i] + (1 - options.Beta2) * gradient[i] * gradient[i];
            delta[i] = -options.LearningRate * (first[i] / correction1) / (Math.Sqrt(second[i] / correction2) + options.Epsilon);
        }

        return (delta, new AdamState(steps, first, second));
    }
}
