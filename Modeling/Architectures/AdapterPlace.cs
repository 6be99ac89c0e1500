namespace FwdLLM.Modeling.Architectures;

/// <summary>Somewhere in an architecture that an adapter may take hold of.</summary>
/// <param name="Kind">What is there.</param>
/// <param name="Layer">Block it belongs to: embeddings to block 0, what comes after the last block to the number of blocks.</param>
/// <param name="Module">Canonical name of the linear layer or norm; of an insertion point, the name that AdapterHub gives its adapters' parent.</param>
/// <param name="In">Width of its input.</param>
/// <param name="Out">Width of its output.</param>
/// <param name="Target">Name by which <c>AdapterSpec.Targets</c> chooses a linear layer, the same in every block and, where the layer has the same part, in every architecture; null where it cannot be chosen.</param>
/// <param name="HasBias">Whether it has a bias.</param>
internal sealed record AdapterPlace(PlaceKind Kind, int Layer, string Module, int In, int Out, string? Target = null, bool HasBias = true);
