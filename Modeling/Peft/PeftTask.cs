namespace FwdLLM.Modeling.Peft;

/// <summary>PEFT's task types that are exported; they decide which model class PEFT wraps.</summary>
public enum PeftTask
{
    /// <summary>SEQ_CLS: an encoder with pooler and classifier; layer names start with <c>bert.</c>.</summary>
    SequenceClassification,

    /// <summary>QUESTION_ANS: an encoder with qa_outputs; layer names start with <c>bert.</c>.</summary>
    QuestionAnswering,

    /// <summary>FEATURE_EXTRACTION: the plain encoder; layer names have no prefix.</summary>
    FeatureExtraction,
}
