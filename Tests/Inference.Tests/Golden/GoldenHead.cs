using FwdLLM.Inference;
using FwdLLM.Modeling.Architectures;
using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Compilation;

namespace FwdLLM.Tests.Inference;

/// <summary>The head that a reference case's task puts on the features, its pooling and its logits.</summary>
internal static class GoldenHead
{
    /// <summary>The case's own head; of a causal model its output layer.</summary>
    public static LinearHead Read(string task, Checkpoint checkpoint)
    {
        var heads = KnownArchitectures.Get(checkpoint.Config.Architecture).Heads(checkpoint.Config);
        return task switch
        {
            "seqcls" => LinearHead.Read(heads[0], checkpoint.ReadFloat32),
            "qa" => LinearHead.Read(heads.Single(head => head.Module == "qa_outputs"), checkpoint.ReadFloat32),
            "causal" => new LinearHead(Golden.Widen(checkpoint.ReadFloat32(KnownArchitectures.OutputWeight(checkpoint.Config)!)), new double[checkpoint.Config.VocabularySize]),
            _ => throw new ArgumentException($"The task '{task}' has no head.", nameof(task)),
        };
    }

    /// <summary>The checkpoint, pooled as the task wants it.</summary>
    public static ModelSource Source(string task, Checkpoint checkpoint)
    {
        var source = ModelSource.From(checkpoint);
        return task is "qa" or "causal" ? source with { Pooling = PoolingKind.Tokens } : source;
    }

    /// <summary>The reference's logits, a row per sequence or unpadded token.</summary>
    public static double[] Logits(string task, string expected, TokenSequence[] batch) => task switch
    {
        "qa" => Golden.Unpad([.. Golden.Doubles(expected, "start_logits").Zip(Golden.Doubles(expected, "end_logits"), (start, end) => new[] { start, end }).SelectMany(pair => pair)], batch),
        "causal" => Golden.Unpad(Golden.Doubles(expected, "logits"), batch),
        _ => Golden.Doubles(expected, "logits"),
    };
}
