using FwdLLM.Learning.Tasks;
using FwdLLM.Modeling.Checkpoints;

namespace FwdLLM.Cli.Settings;

/// <summary>What a task sets where nothing is said.</summary>
internal static class TaskDefaults
{
    /// <summary>Context tokens that neighbouring windows share, as in BERT's evaluation on SQuAD.</summary>
    public const int Stride = 128;

    /// <summary>Tokens of an example.</summary>
    public static int MaxTokens(TaskKind task) => task switch
    {
        TaskKind.QuestionAnswering => 384,
        TaskKind.CausalLanguageModel => 512,
        TaskKind.PromptClassification => 128,
        _ => 64,
    };

    /// <summary>How the model must pool; null as the checkpoint does.</summary>
    public static PoolingKind? Pooling(TaskKind task) => task switch
    {
        TaskKind.QuestionAnswering or TaskKind.CausalLanguageModel => PoolingKind.Tokens,
        // A causal model's classifier reads the last token.
        TaskKind.PromptClassification => PoolingKind.Pooler,
        _ => null,
    };
}
