using System.Text.Json.Serialization;

namespace FwdLLM.Cli.Running;

/// <summary>What came of a run; with <c>--format json</c> this is standard output. Names are an interface: they are added to, never changed.</summary>
public sealed record RunSummary
{
    /// <summary>Job id.</summary>
    [JsonPropertyName("job")]
    public required string Job { get; init; }

    /// <summary>Recipe.</summary>
    [JsonPropertyName("algorithm")]
    public required string Algorithm { get; init; }

    /// <summary>Adapter as <c>--adapter</c> takes it.</summary>
    [JsonPropertyName("adapter")]
    public required string Adapter { get; init; }

    /// <summary>Precision of the model: as <c>--precision</c> takes it, and after a plus sign the layers in fp32.</summary>
    [JsonPropertyName("precision")]
    public string Precision { get; init; } = "fp32";

    /// <summary>Cosine between the quantised model's directional derivatives and those in fp32; null in fp32.</summary>
    [JsonPropertyName("admission_cosine")]
    public double? AdmissionCosine { get; init; }

    /// <summary>Estimator as <c>--estimator</c> takes it.</summary>
    [JsonPropertyName("estimator")]
    public required string Estimator { get; init; }

    /// <summary>Seed.</summary>
    [JsonPropertyName("seed")]
    public required ulong Seed { get; init; }

    /// <summary>Devices.</summary>
    [JsonPropertyName("devices")]
    public required int Devices { get; init; }

    /// <summary>Of these, devices that compute exact gradients.</summary>
    [JsonPropertyName("exact_devices")]
    public int ExactDevices { get; init; }

    /// <summary>Rounds closed.</summary>
    [JsonPropertyName("rounds")]
    public required long Rounds { get; init; }

    /// <summary>Probes accepted.</summary>
    [JsonPropertyName("probes")]
    public long Probes { get; init; }

    /// <summary>Forward passes of 8 examples spent.</summary>
    [JsonPropertyName("forward_passes")]
    public required double ForwardPasses { get; init; }

    /// <summary>What was taught, as <c>--task</c> takes it.</summary>
    [JsonPropertyName("task")]
    public string Task { get; init; } = "classification";

    /// <summary>What the two figures called accuracy are: accuracy, f1 or answer_match.</summary>
    [JsonPropertyName("metric")]
    public string Metric { get; init; } = "accuracy";

    /// <summary>Every held-out figure of the task at the end, by its name; those that are not finite are left out.</summary>
    [JsonPropertyName("metrics")]
    public IReadOnlyDictionary<string, double> Metrics { get; init => field = value.Where(entry => double.IsFinite(entry.Value)).ToDictionary(StringComparer.Ordinal); } = new Dictionary<string, double>();

    /// <summary>The task's held-out figure (<see cref="Metric"/>) of the head alone, before the adapter moved; null when the recipe has no such phase.</summary>
    [JsonPropertyName("accuracy_head_only")]
    public double? AccuracyHeadOnly { get; init => field = Known(value); }

    /// <summary>The task's held-out figure (<see cref="Metric"/>) at the end.</summary>
    [JsonPropertyName("accuracy")]
    public double? Accuracy { get; init => field = Known(value); }

    /// <summary>Held-out loss of the head alone.</summary>
    [JsonPropertyName("loss_head_only")]
    public double? LossHeadOnly { get; init => field = Known(value); }

    /// <summary>Held-out loss at the end.</summary>
    [JsonPropertyName("loss")]
    public double? Loss { get; init => field = Known(value); }

    /// <summary>Mean bytes a device sent, headers included.</summary>
    [JsonPropertyName("bytes_up_per_device")]
    public required double BytesUpPerDevice { get; init; }

    /// <summary>Mean bytes a device received, without the model itself.</summary>
    [JsonPropertyName("bytes_down_per_device")]
    public required double BytesDownPerDevice { get; init; }

    /// <summary>Bytes sent for each probe, headers included; null when none was made.</summary>
    [JsonPropertyName("bytes_up_per_probe")]
    public double? BytesUpPerProbe { get; init => field = Known(value); }

    /// <summary>Most resident memory of this process.</summary>
    [JsonPropertyName("peak_rss_bytes")]
    public required long PeakRssBytes { get; init; }

    /// <summary>Wall-clock seconds.</summary>
    [JsonPropertyName("seconds")]
    public required double Seconds { get; init; }

    /// <summary>SHA-256 of the adapter and head.</summary>
    [JsonPropertyName("adapter_sha256")]
    public required string AdapterSha256 { get; init; }

    /// <summary>Output folder.</summary>
    [JsonPropertyName("output")]
    public required string Output { get; init; }

    /// <summary>Rows left out because they could not be read.</summary>
    [JsonPropertyName("skipped_rows")]
    public int SkippedRows { get; init; }

    // JSON has no NaN, and "not known" is null.
    private static double? Known(double? value) => value is { } number && double.IsFinite(number) ? number : null;
}
