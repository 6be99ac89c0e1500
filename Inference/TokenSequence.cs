namespace FwdLLM.Inference;

/// <summary>One tokenised text, special tokens included, no padding.</summary>
/// <param name="Ids">Token ids, length 1 to the model's maximum.</param>
/// <param name="TypeIds">Segment ids of the same length, or null for all zero.</param>
public sealed record TokenSequence(int[] Ids, int[]? TypeIds = null)
{
    /// <summary>Number of tokens.</summary>
    public int Length => Ids.Length;
}
