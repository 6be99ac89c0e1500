using System.Text.Json;
using System.Text.Json.Serialization;
using FwdLLM.Grains.Interfaces;

namespace FwdLLM.Cli.Jobs;

/// <summary>Where a job on a cluster stands; with <c>--format json</c> this is standard output. Names are an interface: they are added to, never changed.</summary>
internal sealed record JobSummary
{
    /// <summary>Job id.</summary>
    [JsonPropertyName("job")]
    public required string Job { get; init; }

    /// <summary>unknown, waiting, running, paused, finished or failed.</summary>
    [JsonPropertyName("phase")]
    public required string Phase { get; init; }

    /// <summary>Why it waits or failed.</summary>
    [JsonPropertyName("message")]
    public string? Message { get; init; }

    /// <summary>Rounds closed, which is also the model's version.</summary>
    [JsonPropertyName("rounds")]
    public long Rounds { get; init; }

    /// <summary>Devices enrolled.</summary>
    [JsonPropertyName("devices")]
    public int Devices { get; init; }

    /// <summary>Contributions accepted in closed rounds.</summary>
    [JsonPropertyName("contributions")]
    public long Contributions { get; init; }

    /// <summary>Probes accepted in closed rounds.</summary>
    [JsonPropertyName("probes")]
    public long Probes { get; init; }

    /// <summary>Forward passes of 8 examples spent.</summary>
    [JsonPropertyName("forward_passes")]
    public double ForwardPasses { get; init; }

    /// <summary>The task's newest held-out figure; null when the silo has no held-out set.</summary>
    [JsonPropertyName("accuracy")]
    public double? Accuracy { get; init; }

    /// <summary>What accuracy is: accuracy, f1 or answer_match; null when there was no evaluation.</summary>
    [JsonPropertyName("metric")]
    public string? Metric { get; init; }

    /// <summary>SHA-256 of adapter and head; null before the first version.</summary>
    [JsonPropertyName("adapter_sha256")]
    public string? AdapterSha256 { get; init; }

    /// <summary>SHA-256 chain over the journal; null before the first version.</summary>
    [JsonPropertyName("journal_sha256")]
    public string? JournalSha256 { get; init; }

    /// <summary>What the status says.</summary>
    public static JobSummary From(string id, JobStatus status) => new()
    {
        Job = id,
        Phase = status.Phase.ToString().ToLowerInvariant(),
        Message = status.Message,
        Rounds = status.Model?.Version ?? 0,
        Devices = status.Devices,
        Contributions = status.Contributions,
        Probes = status.Probes,
        ForwardPasses = status.Model?.ForwardPasses ?? 0,
        Accuracy = status.Evaluations is [.., var newest] ? newest.Accuracy : status.HeadOnly?.Accuracy,
        Metric = (status.Evaluations is [.., var last] ? last : status.HeadOnly)?.Metric,
        AdapterSha256 = status.Model?.AdapterSha256,
        JournalSha256 = status.Model?.JournalHash,
    };

    /// <summary>One line of JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(this);
}
