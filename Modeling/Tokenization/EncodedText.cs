namespace FwdLLM.Modeling.Tokenization;

/// <summary>A tokenised text with the place of every token in it.</summary>
/// <param name="Ids">Token ids, special tokens included.</param>
/// <param name="Offsets">Per token [start, end) in UTF-16 code units of the text, so <c>text[start..end]</c>; (0, 0) for the added special tokens.</param>
public sealed record EncodedText(int[] Ids, (int Start, int End)[] Offsets);
