namespace FwdLLM.Grains;

/// <inheritdoc cref="IJournalPartGrain"/>
[GrainType("journalpart")]
public sealed class JournalPartGrain([PersistentState("journalpart", GrainsServices.Storage)] IPersistentState<JournalPartState> store)
    : Grain, IJournalPartGrain
{
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        StateFormatException.ThrowIfUnknown(this.GetGrainId(), store.State.Format, JournalPartState.Known);
        return Task.CompletedTask;
    }

    public async Task Write(byte[] part)
    {
        DeactivateOnIdle(); // Read again by the commit and by a replay.
        if (store.State.Data is not null) return;
        if (!this.GetPrimaryKeyString().EndsWith('/' + JournalParts.Hash(part), StringComparison.Ordinal))
            throw new ArgumentException($"These {part.Length} bytes have SHA-256 {JournalParts.Hash(part)}, not the one in the key '{this.GetPrimaryKeyString()}'.", nameof(part));
        store.State.Data = part;
        await store.SaveOrLeave(this);
    }

    public Task<byte[]?> Read()
    {
        DeactivateOnIdle();
        return Task.FromResult(store.State.Data);
    }

    public async Task Remove()
    {
        DeactivateOnIdle();
        if (store.RecordExists) await store.ClearStateAsync();
    }
}
