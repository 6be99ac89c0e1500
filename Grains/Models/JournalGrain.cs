using FwdLLM.Grains.Interfaces;

namespace FwdLLM.Grains;

/// <inheritdoc cref="IJournalGrain"/>
[GrainType("journal")]
public sealed class JournalGrain([PersistentState("journal", GrainsServices.Storage)] IPersistentState<JournalState> store)
    : Grain, IJournalGrain
{
    private string Key => this.GetPrimaryKeyString();

    private long Round => long.Parse(Key.AsSpan(Key.LastIndexOf('/') + 1), System.Globalization.CultureInfo.InvariantCulture);

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        StateFormatException.ThrowIfUnknown(this.GetGrainId(), store.State.Format, JournalState.Known);
        return Task.CompletedTask;
    }

    public async Task<byte[]> WriteEntry(byte[] entry)
    {
        DeactivateOnIdle(); // Read again only by a replay.
        if (Stored() is { } written) return written;
        (store.State.Format, store.State.Entry) = (JournalState.Known, entry);
        await store.SaveOrLeave(this);
        return entry;
    }

    public Task<byte[]?> ReadEntry()
    {
        DeactivateOnIdle();
        return Task.FromResult(Stored());
    }

    public async Task Remove()
    {
        DeactivateOnIdle();
        if (Stored() is not { } entry) return;

        // The parts first: until the entry is gone it says what is still to be removed.
        var job = Key[..Key.LastIndexOf('/')];
        foreach (var part in JournalEntry.FromBytes(Round, entry).Parts) await GrainFactory.GetGrain<IJournalPartGrain>(JournalParts.Key(job, (uint)Round, part)).Remove();
        await store.ClearStateAsync();
    }

    public async Task<RoundRecord> Write(RoundRecord record) => JournalParts.Whole(JournalEntry.FromBytes(Round, await WriteEntry(JournalParts.Inline(record).ToBytes())));

    public async Task<RoundRecord?> Read() => await ReadEntry() is { } entry ? JournalParts.Whole(JournalEntry.FromBytes(Round, entry)) : null;

    private byte[]? Stored() => store.State.Entry ?? (store.State.Record is { } record ? JournalParts.Inline(record).ToBytes() : null);
}
