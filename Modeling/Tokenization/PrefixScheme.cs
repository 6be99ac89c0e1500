namespace FwdLLM.Modeling.Tokenization;

/// <summary>Which stretches of text get a ▁ in front.</summary>
internal enum PrefixScheme
{
    /// <summary>All.</summary>
    Always,

    /// <summary>The one at the start of the text.</summary>
    First,

    /// <summary>None.</summary>
    Never,
}
