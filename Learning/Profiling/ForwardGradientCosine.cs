using FwdLLM.Learning.Random;
using FwdLLM.Learning.Training;

namespace FwdLLM.Learning.Profiling;

/// <summary>
/// The criterion by which FwdLLM's authors choose an adapter: how well the forward gradient (1/K) Σ (g·v)v of K directions points along g.
/// About √(K/(K + d)) whatever the adapter, so it ranks by d; it does not see how much of g is noise, nor how far a step may go.
/// </summary>
public static class ForwardGradientCosine
{
    /// <summary>The cosine; 0 where g is zero.</summary>
    /// <param name="gradient">g [d].</param>
    /// <param name="kind">Distribution of the directions.</param>
    /// <param name="key">Key of the directions.</param>
    /// <param name="sample">Number of this sample: another one has other directions.</param>
    /// <param name="probes">K.</param>
    public static double Of(ReadOnlySpan<float> gradient, DirectionKind kind, StreamKey key, uint sample, int probes)
    {
        var direction = new float[gradient.Length];
        var sum = new double[gradient.Length];
        for (var k = 0; k < probes; k++)
        {
            var address = new DirectionAddress(sample, 0, (uint)k);
            if (kind == DirectionKind.Gaussian) GaussianStream.Fill(key, address, direction);
            else RademacherStream.Fill(key, address, direction);
            var slope = 0.0;
            for (var i = 0; i < direction.Length; i++) slope += (double)gradient[i] * direction[i];
            for (var i = 0; i < direction.Length; i++) sum[i] += slope * direction[i];
        }

        double dot = 0, own = 0, other = 0;
        for (var i = 0; i < sum.Length; i++)
        {
            dot += gradient[i] * sum[i];
            own += (double)gradient[i] * gradient[i];
            other += sum[i] * sum[i];
        }

        return own > 0 && other > 0 ? dot / (Math.Sqrt(own) * Math.Sqrt(other)) : 0;
    }
}
