using FwdLLM.Grains;

namespace FwdLLM.Silo;

/// <summary>One version's result so far. Not thread-safe.</summary>
public abstract class HeldOutScore
{
    /// <summary>Judges some sequences; they come once each, in order.</summary>
    /// <param name="start">The first.</param>
    /// <param name="count">How many.</param>
    /// <param name="features">Their features [rows, H].</param>
    public abstract void Add(int start, int count, float[] features);

    /// <summary>The result, when all have been added.</summary>
    public abstract EvaluationResult Result();
}
