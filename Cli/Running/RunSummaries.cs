using System.Globalization;
using System.Text.Json;
using FwdLLM.Cli.Settings;
using FwdLLM.Grains.Interfaces;
using FwdLLM.Learning.Tasks;
using FwdLLM.Modeling.Precision;

namespace FwdLLM.Cli.Running;

/// <summary>Puts the summary of a finished run together.</summary>
internal static class RunSummaries
{
    public static RunSummary Create(Prepared prepared, JobStatus status, long bytesUp, long bytesDown, double? bytesPerProbe)
    {
        var settings = prepared.Settings;
        var model = status.Model!;
        var last = status.Evaluations.LastOrDefault(evaluation => evaluation.Version == model.Version);
        return new RunSummary
        {
            Job = settings.Id,
            Algorithm = settings.Algorithm.Name,
            Adapter = AdapterOption.Format(settings.Adapter),
            Precision = PrecisionOption.Format(new PrecisionSpec(prepared.Model.Manifest.WeightFormat, prepared.Model.Manifest.KeepFloat)),
            AdmissionCosine = prepared.Model.Manifest.Admission?.Cosine,
            Estimator = JsonNamingPolicy.KebabCaseLower.ConvertName(settings.Algorithm.Estimator.ToString()),
            Seed = settings.Algorithm.Seed,
            Devices = settings.Devices,
            ExactDevices = settings.ExactDevices,
            Rounds = model.Version,
            Probes = status.Probes,
            ForwardPasses = model.ForwardPasses,
            Task = TaskNames.Of(settings.Task),
            Metric = settings.Task.Metric(),
            Metrics = last?.Metrics ?? new Dictionary<string, double>(),
            AccuracyHeadOnly = status.HeadOnly?.Accuracy,
            Accuracy = last?.Accuracy,
            LossHeadOnly = status.HeadOnly?.Loss,
            Loss = last?.Loss,
            BytesUpPerDevice = Math.Round(bytesUp / (double)settings.Devices),
            BytesDownPerDevice = Math.Round(bytesDown / (double)settings.Devices),
            BytesUpPerProbe = bytesPerProbe is { } bytes ? Math.Round(bytes, 2) : null,
            PeakRssBytes = PeakResidentBytes(),
            Seconds = Math.Round(prepared.Watch.Elapsed.TotalSeconds, 1),
            AdapterSha256 = model.AdapterSha256,
            Output = settings.Output,
            SkippedRows = prepared.Data.Train.Rows.SkippedCount + prepared.Data.Test.Rows.SkippedCount,
        };
    }

    // VmHWM is the process's own high-water mark; PeakWorkingSet64 reads 0 on Linux.
    private static long PeakResidentBytes()
    {
        const string Status = "/proc/self/status";
        if (!File.Exists(Status)) return Environment.WorkingSet;
        var line = File.ReadLines(Status).First(text => text.StartsWith("VmHWM:", StringComparison.Ordinal));
        return long.Parse(line.AsSpan(6).Trim()[..^3], CultureInfo.InvariantCulture) * 1024;
    }
}
