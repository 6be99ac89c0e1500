namespace FwdLLM.Modeling.Tokenization;

/// <summary>Two texts as one sequence, such as [CLS] first [SEP] second [SEP].</summary>
/// <param name="Ids">Token ids, special tokens included.</param>
/// <param name="TypeIds">Segment ids; for BERT 0 up to and including the first [SEP], 1 after it. Models without segments have zeros.</param>
/// <param name="Offsets">Per token [start, end) in UTF-16 code units of its own text; (0, 0) for the added special tokens.</param>
public sealed record EncodedPair(int[] Ids, int[] TypeIds, (int Start, int End)[] Offsets);
