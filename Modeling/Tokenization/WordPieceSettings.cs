namespace FwdLLM.Modeling.Tokenization;

/// <summary>How text is normalised before it is cut into pieces.</summary>
/// <param name="Lowercase">Lower-case every character.</param>
/// <param name="StripAccents">Decompose (NFD) and remove nonspacing marks.</param>
/// <param name="SplitIdeographs">Make every CJK ideograph a word of its own.</param>
/// <param name="CleanText">Remove control characters.</param>
/// <param name="MaxWordLength">Words of more code points become the unknown token.</param>
public sealed record WordPieceSettings(bool Lowercase = true, bool StripAccents = true, bool SplitIdeographs = true, bool CleanText = true, int MaxWordLength = 100);
