namespace FwdLLM.DeviceAgent.Work;

/// <summary>
/// Centred residuals without bias. Let aₓ = wₓrₓ⁰ be the weighted residuals under the kept features. Of each example's residual is subtracted
/// <code>cₓ = mean of the batch's other a − its expectation given x</code>
/// which is zero in expectation whatever x is, so E[Jₓᵀcₓ] = 0 for every head, adapter and shard. With the head at its optimum on the shard and the
/// adapter at its start, r − c = n/(n − 1)·(a − mean a): the batch mean is removed. Elsewhere what is removed is its noise, never its expectation.
/// </summary>
public static class ControlVariate
{
    /// <summary>c [n, C].</summary>
    /// <param name="residuals">r⁰ of the whole shard [N, C].</param>
    /// <param name="classes">C.</param>
    /// <param name="positions">The batch's examples, at least 2 [n].</param>
    /// <param name="weights">Of draws with replacement [n]; null for a sample without.</param>
    public static double[] Of(double[] residuals, int classes, int[] positions, double[]? weights)
    {
        var (shard, batch) = (residuals.Length / classes, positions.Length);
        var (all, drawn) = (new double[classes], new double[classes]);
        for (var i = 0; i < residuals.Length; i++) all[i % classes] += residuals[i];
        var control = new double[batch * classes];
        for (var i = 0; i < control.Length; i++)
        {
            control[i] = residuals[(positions[i / classes] * classes) + (i % classes)] * (weights?[i / classes] ?? 1);
            drawn[i % classes] += control[i];
        }

        // Draws with replacement do not depend on each other; without, the others come from what x leaves over.
        for (var i = 0; i < control.Length; i++)
            control[i] = ((drawn[i % classes] - control[i]) / (batch - 1)) - (weights is null ? (all[i % classes] - control[i]) / (shard - 1) : all[i % classes] / shard);
        return control;
    }
}
