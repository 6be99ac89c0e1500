namespace FwdLLM.Grains.Interfaces;

/// <summary>One fine-tuning run, complete: everything the cluster and its devices need to agree on. Validated before it starts and never changed after.</summary>
[GenerateSerializer, Immutable, Alias("fl.jobspec.v1")]
public sealed record JobSpec
{
    /// <summary>Job id: 1 to 64 of a–z, 0–9, '-', '.', '_'; also the grain key.</summary>
    [Id(0)] public required string Id { get; init; }

    /// <summary>The compiled model the devices run.</summary>
    [Id(1)] public required ModelReference Model { get; init; }

    /// <summary>Class names in index order; the data's labels.</summary>
    [Id(2)] public required IReadOnlyList<string> Labels { get; init; }

    /// <summary>Token limit per example, special tokens included.</summary>
    [Id(3)] public int MaxTokens { get; init; } = 64;

    /// <summary>Recipe as JSON of <c>FwdLLM.Learning.Training.AlgorithmOptions</c>: one definition, validated where it is used.</summary>
    [Id(4)] public required string Algorithm { get; init; }

    /// <summary>Which devices take part and how long a wave waits for them.</summary>
    [Id(5)] public required CohortSpec Cohort { get; init; }

    /// <summary>Evaluate on the server's held-out set after every so many rounds; 0 only at the end of head fit and job.</summary>
    [Id(6)] public int EvaluateEvery { get; init; } = 10;

    /// <summary>What is taught; classification for jobs that were submitted before there was a choice.</summary>
    [Id(7)] public TaskSpec Task { get => field ?? TaskSpec.Classification; init; }

    /// <summary>Rounds whose journal entries are kept at least, on top of a checkpoint from which to replay them; 0 keeps all, from the start.</summary>
    [Id(8)] public int JournalRounds { get; init; }
}

/// <summary>What a job teaches its model, and how its rows become examples.</summary>
[GenerateSerializer, Immutable, Alias("fl.task.v1")]
public sealed record TaskSpec
{
    /// <summary>A linear classifier on pooled features.</summary>
    public static TaskSpec Classification { get; } = new();

    /// <summary>Value of TaskKind.</summary>
    [Id(0)] public byte Kind { get; init; }

    /// <summary>Context tokens that neighbouring windows share (question answering).</summary>
    [Id(1)] public int Stride { get; init; }

    /// <summary>The prompt, with {text} where the text goes (prompt classification).</summary>
    [Id(2)] public string PromptTemplate { get; init; } = "";

    /// <summary>The word that stands for each label, in the order of the labels (prompt classification).</summary>
    [Id(3)] public IReadOnlyList<string> Verbalizers { get; init; } = [];

    /// <summary>The head at version 0 as little-endian float32, weights [C, H] and biases [C]; empty for the recipe's own.</summary>
    [Id(4)] public byte[] StartHead { get; init; } = [];
}

/// <summary>A compiled model by content, and what the mathematics needs to know about it.</summary>
[GenerateSerializer, Immutable, Alias("fl.modelref.v1")]
public sealed record ModelReference
{
    /// <summary>SHA-256 (lower-case hex) of the compiled model's manifest.</summary>
    [Id(0)] public required string ManifestSha256 { get; init; }

    /// <summary>H, length of the feature vector.</summary>
    [Id(1)] public required int FeatureSize { get; init; }

    /// <summary>Blocks of θ in order.</summary>
    [Id(2)] public required IReadOnlyList<ModelBlock> Blocks { get; init; }

    /// <summary>Whether the model rounds its activations: then its derivatives come from tangents only, and jobs with finite differences are refused.</summary>
    [Id(3)] public bool RoundsActivations { get; init; }
}

/// <summary>One block of θ.</summary>
[GenerateSerializer, Immutable, Alias("fl.modelblock.v1")]
public sealed record ModelBlock
{
    /// <summary>Unique name.</summary>
    [Id(0)] public required string Name { get; init; }

    /// <summary>Number of parameters.</summary>
    [Id(1)] public required int Length { get; init; }

    /// <summary>θ starts uniform in (−bound, bound).</summary>
    [Id(2)] public float InitialBound { get; init; }
}

/// <summary>How devices are scheduled.</summary>
[GenerateSerializer, Alias("fl.schedule.v1")]
public enum ScheduleKind
{
    /// <summary>The cohort and every device's load follow from the seed alone; a wave waits for its whole cohort. Same seed, same bits.</summary>
    Fixed = 0,

    /// <summary>Over-selection, quorum, deadline, and probes in proportion to measured speed. The journal records what was assigned.</summary>
    Adaptive = 1,
}

/// <summary>Who is invited to a round and how long it waits.</summary>
[GenerateSerializer, Immutable, Alias("fl.cohort.v1")]
public sealed record CohortSpec
{
    /// <summary>The job starts when so many devices are ready.</summary>
    [Id(0)] public required int ExpectedDevices { get; init; }

    /// <summary>Schedule.</summary>
    [Id(1)] public ScheduleKind Schedule { get; init; } = ScheduleKind.Fixed;

    /// <summary>Fraction of the cohort whose contributions close a wave (adaptive schedule). In (0, 1].</summary>
    [Id(2)] public double Quorum { get; init; } = 0.8;

    /// <summary>A wave is closed with what it has after this long (and at least one contribution).</summary>
    [Id(3)] public TimeSpan Deadline { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Invited = cohort × this (adaptive schedule), raised by the measured drop-out rate. In [1, 4].</summary>
    [Id(4)] public double OverSelection { get; init; } = 1.2;
}
