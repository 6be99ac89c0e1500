namespace FwdLLM.Modeling.Checkpoints;

/// <summary>How a sequence of hidden states becomes features.</summary>
public enum PoolingKind
{
    /// <summary>The mean of the last hidden states over the tokens of the sequence.</summary>
    Mean,

    /// <summary>What the architecture's own sequence classifier reads: for BERT tanh of its pooler layer on the first token, for DistilBERT ReLU of its pre_classifier layer there.</summary>
    Pooler,

    /// <summary>None: the features of a sequence are the last hidden states of its tokens, one row each.</summary>
    Tokens,
}
