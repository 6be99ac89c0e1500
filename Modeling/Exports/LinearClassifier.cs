using FwdLLM.Learning.Training;

namespace FwdLLM.Modeling.Exports;

/// <summary>A job's head as a plain linear layer on raw features: logits W·x + b.</summary>
/// <param name="Weight">W [C, H], row-major.</param>
/// <param name="Bias">b [C].</param>
public sealed record LinearClassifier(float[] Weight, float[] Bias)
{
    /// <summary>C.</summary>
    public int Classes => Bias.Length;

    /// <summary>H.</summary>
    public int Features => Weight.Length / Bias.Length;

    /// <summary>Folds a version's standardisation z = (x − μ)∘σ into its head: W·z + b = (W∘σ)·x + (b − (W∘σ)·μ).</summary>
    /// <returns>The layer, or null for a version without a head of its own.</returns>
    /// <exception cref="ExportException">Its parts have lengths that do not fit together.</exception>
    public static LinearClassifier? Fold(ModelSnapshot snapshot)
    {
        if (snapshot.Head.Length == 0)
            return null;
        var features = snapshot.FeatureMean.Length;
        var classes = snapshot.Head.Length / (features + 1);
        if (features == 0 || snapshot.FeatureScale.Length != features || classes * (features + 1) != snapshot.Head.Length)
            throw new ExportException($"The version has a head of {snapshot.Head.Length} numbers, {features} feature means and {snapshot.FeatureScale.Length} scales, which do not fit together; export from a run or cluster that is whole.");
        var weight = new float[classes * features];
        var bias = new float[classes];
        for (var c = 0; c < classes; c++)
        {
            double offset = snapshot.Head[(classes * features) + c];
            for (var h = 0; h < features; h++)
            {
                var scaled = (double)snapshot.Head[(c * features) + h] * snapshot.FeatureScale[h];
                weight[(c * features) + h] = (float)scaled;
                offset -= scaled * snapshot.FeatureMean[h];
            }

            bias[c] = (float)offset;
        }

        return new LinearClassifier(weight, bias);
    }
}
