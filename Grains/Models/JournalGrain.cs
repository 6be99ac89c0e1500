using FwdLLM.Grains.Interfaces;

namespace FwdLLM.Grains;

/// <inheritdoc cref="IJournalGrain"/>
[GrainType("journal")]
public sealed class JournalGrain([PersistentState("journal", GrainsServices.Storage)] IPersistentState<JournalState> store)
    : Grain, IJournalGrain
{
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        StateFormatException.ThrowIfUnknown(this.GetGrainId(), store.State.Format, JournalState.Known);
        return Task.CompletedTask;
    }

    public async Task<RoundRecord> Write(RoundRecord record)
    {
        if (store.State.Record is { } written) return written;
        store.State.Record = record;
        await store.SaveOrLeave(this);
        DeactivateOnIdle(); // Read again only by a replay.
        return record;
    }

    public Task<RoundRecord?> Read()
    {
        DeactivateOnIdle();
        return Task.FromResult(store.State.Record);
    }
}
