using FwdLLM.Grains.Interfaces;

namespace FwdLLM.Grains;

/// <summary>The journal of a job on a cluster, as it stands when it is opened.</summary>
public sealed class ClusterJournal : IJournalSource
{
    private readonly IModelGrain _model;

    private ClusterJournal(IModelGrain model, JournalHead head) => (_model, Head) = (model, head);

    /// <inheritdoc/>
    public JournalHead Head { get; }

    /// <summary>Opens it; null when there is no such job or it has no version yet.</summary>
    public static async Task<ClusterJournal?> OpenAsync(IModelGrain model, CancellationToken cancellation) =>
        await model.GetJournalHead().WaitAsync(cancellation) is { } head ? new ClusterJournal(model, head) : null;

    /// <inheritdoc/>
    public async Task<byte[]> ReadCheckpointAsync(CancellationToken cancellation)
    {
        var chunk = await Read(0);
        var state = new byte[chunk.TotalBytes];
        for (var offset = 0; ; chunk = await Read(offset))
        {
            if (chunk.Data.Length == 0 || chunk.TotalBytes != state.Length || chunk.Data.Length > state.Length - offset)
                throw new InvalidDataException($"the checkpoint of version {Head.First} has {state.Length} bytes, but the piece at {offset} has {chunk.Data.Length} of {chunk.TotalBytes}.");
            chunk.Data.CopyTo(state.AsSpan(offset));
            offset += chunk.Data.Length;
            if (offset == state.Length) return state;
        }

        Task<SnapshotChunk> Read(int offset) => _model.GetCheckpoint(Head.First, offset).WaitAsync(cancellation);
    }

    /// <inheritdoc/>
    // The job may have gone on since.
    public Task<byte[]?> ReadAsync(uint round, int part, CancellationToken cancellation) => round >= Head.Version ? Task.FromResult<byte[]?>(null) : _model.GetJournalBytes(round, part).WaitAsync(cancellation);
}
