using FwdLLM.Grains.Interfaces;
using FwdLLM.Learning.Training;

namespace FwdLLM.Grains;

/// <summary>
/// The algorithm as the grains see it: pure functions over contracts and opaque bytes. Equal arguments give equal bits.
/// Thread-safe; <see cref="Reduce"/>, <see cref="Gate"/> and <see cref="Step"/> are CPU work for outside a grain's turn.
/// </summary>
public interface ITraining
{
    /// <summary>Seed of every random choice in the job.</summary>
    ulong Seed { get; }

    /// <summary>Probe rounds after which training is complete; 0 when there is no such limit.</summary>
    int MaxRounds { get; }

    /// <summary>K, the probes that a device is asked for in each wave.</summary>
    int ProbesPerDevice { get; }

    /// <summary>Whether every device must compute exact gradients.</summary>
    bool NeedsExact => false;

    /// <summary>Version 0.</summary>
    byte[] Initial();

    /// <summary>What a state says about itself and the next round.</summary>
    /// <exception cref="InvalidDataException">Not a state.</exception>
    TrainingOverview Plan(byte[] state);

    /// <summary>Null when the contribution is a possible answer to the assignment; otherwise why not.</summary>
    string? Refuse(Assignment assignment, Contribution contribution);

    /// <summary>Sums of some contributions; merged in any order and grouping they give the same bits.</summary>
    byte[] Reduce(byte[] state, RoundOrder order, IReadOnlyList<RecordedContribution> works);

    /// <summary>Sums of sums: the same bits as one <see cref="Reduce"/> over all their contributions.</summary>
    byte[] Merge(IReadOnlyList<byte[]> sums);

    /// <summary>Reads the gate on the merged sums.</summary>
    GateDecision Gate(byte[] state, RoundOrder order, IReadOnlyList<byte[]> sums);

    /// <summary>The next version.</summary>
    byte[] Step(byte[] state, RoundOrder order, IReadOnlyList<byte[]> sums);

    /// <summary>What devices download to work on this version.</summary>
    byte[] Snapshot(byte[] state);
}
