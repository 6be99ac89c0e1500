namespace FwdLLM.Modeling.Adapters;

/// <summary>
/// One block of θ as its adapter declares it. θ = 0 means the unadapted model for every kind that does not start at random:
/// a kind that multiplies trains the difference from one, a kind that replaces trains the difference from what it replaces.
/// </summary>
/// <param name="Name">Unique name: module and part.</param>
/// <param name="Shape">Sizes of the block, row-major; a saved tensor has this shape.</param>
/// <param name="InitialBound">θ starts uniform in (−bound, bound); 0 starts at zero.</param>
/// <param name="SavedAs">Canonical name of the tensor that holds the block in a saved adapter, or null where none does.</param>
/// <param name="Origin">What the saved tensor holds where the block is zero; null for zeros.</param>
internal sealed record AdapterParameter(string Name, int[] Shape, float InitialBound, string? SavedAs = null, Func<float[]>? Origin = null)
{
    /// <summary>Number of parameters.</summary>
    public int Length { get; } = Shape.Aggregate(1, (product, size) => checked(product * size));
}
