namespace FwdLLM.Learning.Tasks;

/// <summary>What a job teaches its model. Persisted and sent: values never change.</summary>
public enum TaskKind : byte
{
    /// <summary>One of C classes for a text: a linear softmax head on one pooled feature vector.</summary>
    Classification = 0,

    /// <summary>Extractive question answering: start and end of the answer among a window's tokens, by a linear head [2, H] on every token.</summary>
    QuestionAnswering = 1,

    /// <summary>The next token, where it is part of an answer, by the model's own frozen output layer [V, H].</summary>
    CausalLanguageModel = 2,

    /// <summary>One of C classes, told by the token that a causal model puts after a prompt: C rows of its output layer on the last token's vector.</summary>
    PromptClassification = 3,
}
