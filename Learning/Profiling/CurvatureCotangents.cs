using FwdLLM.Learning.Random;

namespace FwdLLM.Learning.Profiling;

/// <summary>
/// Every block's curvature from one backward pass. The Gauss–Newton matrix is G = (1/n) Σ JₓᵀAₓJₓ with
/// Aₓ = diag pₓ − pₓpₓᵀ = E[(pₓ − e_y)(pₓ − e_y)ᵀ] for labels y drawn from pₓ, e_y a unit vector. With independent signs εₓ the backpropagated
/// h = (1/n) Σ Jₓᵀ εₓ(pₓ − e_y) has E[n·|h_b|²] = tr G_b for every block b: terms of different examples cancel. It is Hutchinson's
/// estimator taken from the output's side, where a forward derivative would need a pass for each block.
/// </summary>
public static class CurvatureCotangents
{
    /// <summary>εₓ(pₓ − e_y) [n, C].</summary>
    /// <param name="probabilities">p [n, C].</param>
    /// <param name="classes">C.</param>
    /// <param name="random">Signs and labels.</param>
    public static double[] Draw(ReadOnlySpan<double> probabilities, int classes, CounterRandom random)
    {
        var cotangents = new double[probabilities.Length];
        for (var row = 0; row < cotangents.Length; row += classes)
        {
            var sign = random.Next(2) == 0 ? 1 : -1;
            var label = Draw(probabilities.Slice(row, classes), random.NextDouble());
            for (var c = 0; c < classes; c++) cotangents[row + c] = sign * (probabilities[row + c] - (c == label ? 1 : 0));
        }

        return cotangents;
    }

    // The last class takes what rounding leaves over.
    private static int Draw(ReadOnlySpan<double> row, double at)
    {
        for (var c = 0; c < row.Length - 1; c++)
            if ((at -= row[c]) < 0) return c;
        return row.Length - 1;
    }
}
