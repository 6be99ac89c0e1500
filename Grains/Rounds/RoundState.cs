using FwdLLM.Grains.Interfaces;

namespace FwdLLM.Grains;

/// <summary>Stored state of <see cref="RoundGrain"/>. The contributions are with the device grains.</summary>
[GenerateSerializer, Alias("fl.state.round")]
public sealed class RoundState
{
    /// <summary>Newest format this build reads.</summary>
    public const int Known = 1;

    [Id(0)] public int Format { get; set; } = Known;

    /// <summary>The job; null before the round is opened.</summary>
    [Id(1)] public JobSpec? Spec { get; set; }

    [Id(2)] public RoundOrder? Order { get; set; }

    [Id(3)] public IReadOnlyList<CohortMember> Cohort { get; set; } = [];

    [Id(4)] public uint Wave { get; set; }

    /// <summary>The gate's reading after each wave.</summary>
    [Id(5)] public List<double> GateReadings { get; set; } = [];

    [Id(6)] public double GateThreshold { get; set; } = double.NaN;

    [Id(7)] public int Late { get; set; }

    [Id(8)] public int Dropped { get; set; }

    /// <summary>Status at the end, once the model has the round.</summary>
    [Id(9)] public RoundStatus? Closed { get; set; }

    /// <summary>No wave follows: the round is being committed with what its devices have handed in.</summary>
    [Id(10)] public bool Sealed { get; set; }
}
