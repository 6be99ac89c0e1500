namespace FwdLLM.Learning.Optimisers;

/// <summary>Adam's memory. Immutable by convention: steps make new arrays.</summary>
/// <param name="Steps">Steps taken, t.</param>
/// <param name="FirstMoment">m [d].</param>
/// <param name="SecondMoment">v [d].</param>
public sealed record AdamState(long Steps, double[] FirstMoment, double[] SecondMoment)
{
    /// <summary>Before the first step.</summary>
    public static AdamState Start(int dimension) => new(0, new double[dimension], new double[dimension]);
}
