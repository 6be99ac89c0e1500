namespace FwdLLM.Silo.Storage;

/// <summary>Records in one SQLite file. A write is on the disk when it returns (WAL, synchronous=FULL); many writes share a commit.</summary>
public sealed class SqliteRecordStore(string path) : IRecordStore
{
    private readonly SqliteDatabase _database = new(path);
    private SqliteWriter? _writer;

    public string Place => _database.Path;

    /// <summary>Transactions committed since the start.</summary>
    public long Commits => Writer.Commits;

    private SqliteWriter Writer => _writer ?? throw new InvalidOperationException($"The database {Place} is not open; it opens when the silo starts.");

    public Task OpenAsync(CancellationToken cancellation) => Task.Run(
        () =>
        {
            _database.Prepare();
            _writer = new SqliteWriter(_database);
        },
        cancellation);

    public Task<StoredRecord?> ReadAsync(RecordKey key) => Task.Run(() => _database.Read(key));

    public Task<WriteOutcome> WriteAsync(RecordKey key, long? etag, byte[]? bytes) => Writer.Write(new PendingWrite(key, etag, bytes));

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _writer, null) is not { } writer) return;
        await writer.DisposeAsync();
        _database.ReleasePool();
    }
}
