namespace FwdLLM.Modeling.Architectures;

/// <summary>What an <see cref="AdapterPlace"/> is.</summary>
internal enum PlaceKind
{
    /// <summary>A linear layer.</summary>
    Linear,

    /// <summary>A norm.</summary>
    Norm,

    /// <summary>The end of a sublayer: before its result joins the residual, and after.</summary>
    Insertion,
}
