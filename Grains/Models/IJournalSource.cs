using FwdLLM.Grains.Interfaces;

namespace FwdLLM.Grains;

/// <summary>A journal wherever it is: on a cluster or in a file. Nothing in it is trusted.</summary>
public interface IJournalSource
{
    /// <summary>What it belongs to and says it comes to.</summary>
    JournalHead Head { get; }

    /// <summary>Bytes of the model state at <see cref="JournalHead.First"/>; not called when that is 0.</summary>
    Task<byte[]> ReadCheckpointAsync(CancellationToken cancellation);

    /// <summary>Bytes of an entry (part 0) or of one of its parts (from 1), or null when there is none.</summary>
    Task<byte[]?> ReadAsync(uint round, int part, CancellationToken cancellation);
}
