namespace FwdLLM.Modeling.Precision;

/// <summary>A source of tensors that are quantised in blocks already. A format of as many bits takes them as they are.</summary>
public interface IBlockSource
{
    /// <summary>The blocks of a tensor, rows in the order of its canonical layout; null where it is not stored in such blocks.</summary>
    BlockWeights? ReadBlocks(string name);
}
