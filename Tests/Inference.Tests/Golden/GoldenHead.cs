using FwdLLM.Modeling.Architectures;
using FwdLLM.Modeling.Checkpoints;

namespace FwdLLM.Tests.Inference;

/// <summary>The head that a reference case's task puts on the features, and that task's per-token logits.</summary>
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
            _ => throw new ArgumentException($"The task '{task}' has no head.", nameof(task)),
        };
    }

    /// <summary>[n, S, C].</summary>
    public static double[] TokenLogits(string task, string expected) => task == "qa"
        ? [.. Golden.Doubles(expected, "start_logits").Zip(Golden.Doubles(expected, "end_logits"), (start, end) => new[] { start, end }).SelectMany(pair => pair)]
        : Golden.Doubles(expected, "logits");
}
