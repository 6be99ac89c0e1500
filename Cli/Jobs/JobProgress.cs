using FwdLLM.Cli.Running;
using FwdLLM.Grains.Interfaces;

namespace FwdLLM.Cli.Jobs;

/// <summary>A cluster's job status as the progress that the views show.</summary>
internal static class JobProgress
{
    public static bool Ended(JobStatus status) => status.Phase is JobPhase.Finished or JobPhase.Failed or JobPhase.Unknown;

    public static RunProgress From(JobStatus status, TimeSpan elapsed)
    {
        var last = status.Evaluations is [.., var newest] ? newest : status.HeadOnly;
        return new RunProgress
        {
            Phase = Phase(status),
            Round = status.Round?.Round ?? 0,
            Wave = status.Round?.Wave ?? 0,
            GateReading = status.Round?.GateReading ?? double.NaN,
            GateThreshold = status.Round?.GateThreshold ?? double.NaN,
            Probes = status.Probes,
            Passes = status.Model?.ForwardPasses ?? 0,
            DevicesActive = status.Round?.Invited ?? status.Devices,
            DevicesLate = status.Late,
            DevicesDropped = status.Dropped,
            Loss = last?.Loss ?? status.TrainingLoss,
            Metric = last?.Metric ?? "accuracy",
            AccuracyHeadOnly = status.HeadOnly?.Accuracy ?? double.NaN,
            Accuracy = last?.Accuracy ?? double.NaN,
            Elapsed = elapsed,
            Message = status.Message,
        };
    }

    private static string Phase(JobStatus status) =>
        status.Phase == JobPhase.Running && status.Model?.Next is { Phase.Length: > 0 } next ? next.Phase : status.Phase.ToString().ToLowerInvariant();
}
