namespace FwdLLM.Learning.Optimisers;

/// <summary>Plain gradient descent.</summary>
public static class Sgd
{
    /// <summary>Δ = −α·g.</summary>
    /// <param name="gradient">Estimate of the gradient [d].</param>
    /// <param name="learningRate">α.</param>
    public static double[] Step(ReadOnlySpan<double> gradient, double learningRate)
    {
        var delta = new double[gradient.Length];
        for (var i = 0; i < delta.Length; i++) delta[i] = -learningRate * gradient[i];
        return delta;
    }
}
