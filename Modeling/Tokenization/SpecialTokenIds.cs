namespace FwdLLM.Modeling.Tokenization;

/// <summary>Ids of special tokens; null where the model has no such token.</summary>
/// <param name="Unknown">Stands for text beyond the vocabulary.</param>
/// <param name="Start">[CLS] or the beginning of a sequence.</param>
/// <param name="End">[SEP] or the end of a sequence.</param>
/// <param name="Pad">Fills up shorter sequences.</param>
/// <param name="Mask">Hides a token in masked language modelling.</param>
public sealed record SpecialTokenIds(int? Unknown = null, int? Start = null, int? End = null, int? Pad = null, int? Mask = null);
