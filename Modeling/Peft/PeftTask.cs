namespace FwdLLM.Modeling.Peft;

/// <summary>PEFT's task types that are exported; they decide which model class PEFT wraps.</summary>
public enum PeftTask
{
    /// <summary>SEQ_CLS: a model with a classifier; layer names start with the architecture's prefix, for example <c>bert.</c>.</summary>
    SequenceClassification,

    /// <summary>QUESTION_ANS: a model with qa_outputs; layer names start with the prefix.</summary>
    QuestionAnswering,

    /// <summary>FEATURE_EXTRACTION: the plain model; layer names have no prefix.</summary>
    FeatureExtraction,
}
