using FwdLLM.Learning.Random;

namespace FwdLLM.Learning.Tasks;

/// <summary>
/// A head on the features of a batch: its loss, and all that forward gradients need of it. For every task a directional derivative is
/// ⟨∂loss/∂features, tangent of the features⟩, so a task is known by the gradient of its loss with respect to features and head.
/// Features are rows [rows, H], one per example or one per token; n is the number of examples.
/// </summary>
public abstract class TaskEvaluation
{
    /// <summary>n.</summary>
    public abstract int Count { get; }

    /// <summary>Sum of the examples' losses (natural logarithms).</summary>
    public abstract double LossSum { get; }

    /// <summary>Examples that are completely right.</summary>
    public abstract int Correct { get; }

    /// <summary>The function whose slope is measured, at the features of another evaluation of the same batch: the mean loss.</summary>
    public virtual double Objective(TaskEvaluation at) => at.LossSum / at.Count;

    /// <summary>Derivative of the objective along a tangent of the features [rows, H].</summary>
    public abstract double Slope(ReadOnlySpan<float> tangents);

    /// <summary>Gradient of the objective with respect to the features [rows, H].</summary>
    public abstract float[] Cotangents();

    /// <summary>Gradient with respect to the trained head, summed over the examples; empty where the head is not trained.</summary>
    public abstract double[] HeadGradient();

    /// <summary>
    /// vᵀGv of the mean loss for K tangents Jv [K, rows, H], G the Gauss–Newton matrix: exact, or an estimate without bias whose labels are
    /// drawn from the model's own softmax.
    /// </summary>
    /// <param name="tangents">[K, rows, H].</param>
    /// <param name="count">K.</param>
    /// <param name="random">Draws the labels.</param>
    public abstract double[] Curvatures(ReadOnlySpan<float> tangents, int count, CounterRandom random);

    /// <summary>Squares of each example's ⟨c, t⟩, averaged over the examples, for every tangent.</summary>
    /// <param name="cotangents">c [rows, H]: see <see cref="Curvatures"/>.</param>
    /// <param name="lengths">Rows of each example [n].</param>
    /// <param name="width">H.</param>
    /// <param name="tangents">t [K, rows, H].</param>
    /// <param name="count">K.</param>
    protected static double[] MeanSquares(double[] cotangents, IReadOnlyList<int> lengths, int width, ReadOnlySpan<float> tangents, int count)
    {
        ArgumentNullException.ThrowIfNull(cotangents);
        ArgumentNullException.ThrowIfNull(lengths);
        var result = new double[count];
        for (var k = 0; k < count; k++)
        {
            var offset = 0;
            foreach (var length in lengths)
            {
                var size = length * width;
                var product = Dot(cotangents.AsSpan(offset, size), tangents.Slice((k * cotangents.Length) + offset, size));
                result[k] += product * product / lengths.Count;
                offset += size;
            }
        }

        return result;
    }

    /// <summary>⟨a, b⟩ in double, in index order.</summary>
    protected static double Dot(ReadOnlySpan<double> a, ReadOnlySpan<float> b)
    {
        var sum = 0.0;
        for (var i = 0; i < b.Length; i++) sum += a[i] * b[i];
        return sum;
    }
}
