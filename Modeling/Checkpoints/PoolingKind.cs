namespace FwdLLM.Modeling.Checkpoints;

/// <summary>How a sequence of hidden states becomes one feature vector.</summary>
public enum PoolingKind
{
    /// <summary>The mean of the last hidden states over the tokens of the sequence.</summary>
    Mean,

    /// <summary>tanh of the checkpoint's pooler layer on the first token's last hidden state.</summary>
    Pooler,
}
