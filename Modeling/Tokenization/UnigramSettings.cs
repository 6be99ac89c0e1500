namespace FwdLLM.Modeling.Tokenization;

/// <summary>How a unigram tokenizer treats text before it is segmented.</summary>
/// <param name="Steps">Normalisation, in order.</param>
/// <param name="SplitWhiteSpace">White space of any kind separates words and vanishes.</param>
/// <param name="Prefix">Which stretches get a ▁ in front.</param>
/// <param name="SplitWords">Every ▁ starts a word that is segmented by itself.</param>
/// <param name="ByteFallback">What is unknown becomes the tokens &lt;0x00&gt; to &lt;0xFF&gt; of its bytes where the vocabulary has them.</param>
internal sealed record UnigramSettings(NormalizerStep[] Steps, bool SplitWhiteSpace, PrefixScheme Prefix, bool SplitWords = true, bool ByteFallback = false);
