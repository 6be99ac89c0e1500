using System.Globalization;
using System.Security.Cryptography;
using Orleans.Serialization;
using Orleans.Storage;

namespace FwdLLM.Silo.Storage;

/// <summary>
/// Grain state in one SQLite file. A write is on the disk when it returns (WAL, synchronous=FULL); many writes share a commit;
/// concurrent writers of one record meet in its ETag. A record that cannot be read stays as it is, and its grain does not activate.
/// </summary>
public sealed class SqliteGrainStorage(string name, string path, IGrainStorageSerializer serializer)
    : IGrainStorage, ILifecycleParticipant<ISiloLifecycle>, IAsyncDisposable
{
    private readonly SqliteDatabase _database = new(path);
    private SqliteWriter? _writer;

    /// <summary>Transactions committed since the start.</summary>
    public long Commits => Writer.Commits;

    private SqliteWriter Writer => _writer ?? throw new InvalidOperationException($"Storage '{name}' is not open; it opens when the silo starts.");

    /// <summary>Opens the file before any grain can be called.</summary>
    public void Participate(ISiloLifecycle observer) =>
        observer.Subscribe(nameof(SqliteGrainStorage), ServiceLifecycleStage.RuntimeStorageServices, _ => OpenAsync(), _ => DisposeAsync().AsTask());

    /// <summary>Opens the file.</summary>
    /// <exception cref="GrainStorageException">Not a database, damaged, not accessible, or of another version.</exception>
    public Task OpenAsync() => Task.Run(() =>
    {
        _database.Prepare();
        _writer = new SqliteWriter(_database);
    });

    public async Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var stored = await Task.Run(() => _database.Read(grainId.ToString(), stateName));
        grainState.RecordExists = stored is not null;
        grainState.ETag = stored is null ? null : ToText(stored.ETag);
        grainState.State = stored is null ? Activator.CreateInstance<T>() : Deserialize<T>(stateName, grainId, stored);
    }

    public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        // Serialised before the first await: the caller may change the state while the write waits.
        var payload = serializer.Serialize(grainState.State).ToArray();
        var current = FromText(grainState.ETag);
        var record = new StoredRecord((current ?? 0) + 1, SHA256.HashData(payload), payload);
        grainState.ETag = ToText(await Store(stateName, grainId, current, record));
        grainState.RecordExists = true;
    }

    public async Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        await Store(stateName, grainId, FromText(grainState.ETag), null);
        (grainState.ETag, grainState.RecordExists, grainState.State) = (null, false, Activator.CreateInstance<T>());
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _writer, null) is not { } writer) return;
        await writer.DisposeAsync();
        _database.ReleasePool();
    }

    private async Task<long?> Store(string stateName, GrainId grainId, long? current, StoredRecord? record)
    {
        var outcome = await Writer.Write(new PendingWrite(grainId.ToString(), stateName, current, record));
        return outcome.Written
            ? outcome.ETag
            : throw new InconsistentStateException($"State '{stateName}' of grain '{grainId}' was changed by another activation.", ToText(outcome.ETag), ToText(current));
    }

    private T Deserialize<T>(string stateName, GrainId grainId, StoredRecord stored)
    {
        if (!SHA256.HashData(stored.Payload).AsSpan().SequenceEqual(stored.Sha256))
            throw new GrainStorageException($"State '{stateName}' of grain '{grainId}' (write {stored.ETag}) in {_database.Path} is damaged: its checksum does not match. Restore the file from a backup.");
        try
        {
            return serializer.Deserialize<T>(new BinaryData(stored.Payload)) ?? throw new SerializerException("the record is null.");
        }
        catch (Exception e) when (e is SerializerException or InvalidCastException or ArgumentException or FormatException)
        {
            throw new GrainStorageException($"State '{stateName}' of grain '{grainId}' (write {stored.ETag}) in {_database.Path} cannot be read as {typeof(T).Name} by this build: {e.Message} Run the build that wrote it.", e);
        }
    }

    private static long? FromText(string? etag) => etag is null ? null : long.Parse(etag, CultureInfo.InvariantCulture);

    private static string? ToText(long? etag) => etag?.ToString(CultureInfo.InvariantCulture);
}
