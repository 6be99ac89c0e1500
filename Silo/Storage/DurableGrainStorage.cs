using System.Globalization;
using Orleans.Serialization;
using Orleans.Storage;

namespace FwdLLM.Silo.Storage;

/// <summary>
/// Grain state in a <see cref="IRecordStore"/>, the same for every backend. A write is durable when it returns; concurrent writers of
/// one record meet in its ETag. A record that cannot be read stays as it is, and its grain does not activate.
/// </summary>
public sealed class DurableGrainStorage(string name, IRecordStore store, IGrainStorageSerializer serializer)
    : IGrainStorage, ILifecycleParticipant<ISiloLifecycle>, IAsyncDisposable
{
    /// <summary>Opens the store before any grain can be called.</summary>
    public void Participate(ISiloLifecycle observer) =>
        observer.Subscribe($"{nameof(DurableGrainStorage)} {name}", ServiceLifecycleStage.RuntimeStorageServices, OpenAsync, _ => DisposeAsync().AsTask());

    /// <summary>Opens the store.</summary>
    /// <exception cref="GrainStorageException">It cannot be used; the message says why.</exception>
    public Task OpenAsync(CancellationToken cancellation) => store.OpenAsync(cancellation);

    public async Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var stored = await store.ReadAsync(Key(stateName, grainId));
        var state = stored is null ? Activator.CreateInstance<T>() : Deserialize<T>(stateName, grainId, stored);
        (grainState.State, grainState.RecordExists, grainState.ETag) = (state, stored is not null, ToText(stored?.ETag));
    }

    public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        // Serialised before the first await: the caller may change the state while the write waits.
        var record = RecordEnvelope.Seal(serializer.Serialize(grainState.State).ToMemory().Span);
        grainState.ETag = ToText(await Store(stateName, grainId, FromText(grainState.ETag), record));
        grainState.RecordExists = true;
    }

    public async Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        await Store(stateName, grainId, FromText(grainState.ETag), null);
        (grainState.ETag, grainState.RecordExists, grainState.State) = (null, false, Activator.CreateInstance<T>());
    }

    public ValueTask DisposeAsync() => store.DisposeAsync();

    private async Task<long?> Store(string stateName, GrainId grainId, long? current, byte[]? record)
    {
        var outcome = await store.WriteAsync(Key(stateName, grainId), current, record);
        return outcome.Written
            ? outcome.ETag
            : throw new InconsistentStateException($"State '{stateName}' of grain '{grainId}' was changed by another activation.", ToText(outcome.ETag), ToText(current));
    }

    private T Deserialize<T>(string stateName, GrainId grainId, StoredRecord stored)
    {
        var subject = $"State '{stateName}' of grain '{grainId}' (write {stored.ETag}) in {store.Place}";
        var payload = RecordEnvelope.Open(stored.Bytes, subject);
        try
        {
            return serializer.Deserialize<T>(new BinaryData(payload)) ?? throw new SerializerException("the record is null.");
        }
        catch (Exception e) when (e is SerializerException or InvalidCastException or ArgumentException or FormatException or IndexOutOfRangeException or OverflowException)
        {
            throw new GrainStorageException($"{subject} cannot be read as {typeof(T).Name} by this build: {e.Message} It was left as it is; run the build that wrote it.", e);
        }
    }

    private static RecordKey Key(string stateName, GrainId grainId) => new(grainId.ToString(), stateName);

    private static long? FromText(string? etag) => etag is null ? null : long.Parse(etag, CultureInfo.InvariantCulture);

    private static string? ToText(long? etag) => etag?.ToString(CultureInfo.InvariantCulture);
}
