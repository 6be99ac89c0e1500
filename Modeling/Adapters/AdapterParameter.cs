namespace FwdLLM.Modeling.Adapters;

/// <summary>
/// One block of θ as its adapter declares it. θ = 0 means the unadapted model for every kind that does not start at random:
/// a kind that multiplies trains the difference from one, a kind that replaces trains the difference from what it replaces.
/// </summary>
/// <param name="Name">Unique name: module and part.</param>
/// <param name="Length">Number of parameters.</param>
/// <param name="InitialBound">θ starts uniform in (−bound, bound); 0 starts at zero.</param>
/// <param name="SavedAs">Canonical name of the tensor that holds the block in a saved adapter, or null where none does.</param>
/// <param name="Origin">What the saved tensor holds where the block is zero; null for zeros.</param>
internal sealed record AdapterParameter(string Name, int Length, float InitialBound, string? SavedAs = null, Func<float[]>? Origin = null);
