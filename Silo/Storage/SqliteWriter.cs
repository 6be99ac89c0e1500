using System.Threading.Channels;
using Microsoft.Data.Sqlite;

namespace FwdLLM.Silo.Storage;

/// <summary>
/// The one writer of the file. Writes that wait while a commit is on its way to the disk share the next commit; each caller
/// continues only after the commit that holds its write.
/// </summary>
internal sealed class SqliteWriter : IAsyncDisposable
{
    /// <summary>Writes waiting; more callers wait outside. Bounds memory.</summary>
    private const int MostQueued = 4096;

    /// <summary>Writes in one transaction: past this a longer transaction saves nothing.</summary>
    private const int MostPerCommit = 256;

    private readonly Channel<PendingWrite> _queue = Channel.CreateBounded<PendingWrite>(new BoundedChannelOptions(MostQueued) { SingleReader = true });
    private readonly SqliteDatabase _database;
    private readonly SqliteConnection _connection;
    private readonly Task _loop;

    public SqliteWriter(SqliteDatabase database)
    {
        _database = database;
        _connection = database.Open();
        _loop = Task.Run(Run);
    }

    /// <summary>Commits so far.</summary>
    public long Commits { get; private set; }

    /// <summary>Completes when the write is durable.</summary>
    public async Task<WriteOutcome> Write(PendingWrite write)
    {
        await _queue.Writer.WriteAsync(write);
        return await write.Outcome.Task;
    }

    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await _loop;
        await _connection.DisposeAsync();
    }

    private async Task Run()
    {
        var batch = new List<PendingWrite>(MostPerCommit);
        while (await _queue.Reader.WaitToReadAsync())
        {
            while (batch.Count < MostPerCommit && _queue.Reader.TryRead(out var write)) batch.Add(write);
            Commit(batch);
            batch.Clear();
        }
    }

    private void Commit(List<PendingWrite> batch)
    {
        try
        {
            var outcomes = new WriteOutcome[batch.Count];
            using (var transaction = _connection.BeginTransaction(deferred: false))
            {
                for (var i = 0; i < outcomes.Length; i++) outcomes[i] = Apply(transaction, batch[i]);
                transaction.Commit();
            }

            Commits++;
            for (var i = 0; i < outcomes.Length; i++) batch[i].Outcome.SetResult(outcomes[i]);
        }
        catch (SqliteException e)
        {
            foreach (var write in batch) write.Outcome.SetException(_database.Unusable(e));
        }
    }

    private WriteOutcome Apply(SqliteTransaction transaction, PendingWrite write)
    {
        using var command = _connection.CreateCommand();
        command.Transaction = transaction;
        command.Parameters.AddWithValue("$grain", write.Key.Grain);
        command.Parameters.AddWithValue("$name", write.Key.Name);
        command.CommandText = "SELECT etag FROM grain_state WHERE grain = $grain AND name = $name";
        var stored = (long?)command.ExecuteScalar();
        if (stored != write.ETag) return new WriteOutcome(false, stored);

        if (write.Bytes is not { } bytes)
        {
            command.CommandText = "DELETE FROM grain_state WHERE grain = $grain AND name = $name";
            command.ExecuteNonQuery();
            return new WriteOutcome(true, null);
        }

        var etag = (stored ?? 0) + 1;
        command.CommandText = """
            INSERT INTO grain_state (grain, name, etag, record) VALUES ($grain, $name, $etag, $record)
            ON CONFLICT (grain, name) DO UPDATE SET etag = excluded.etag, record = excluded.record
            """;
        command.Parameters.AddWithValue("$etag", etag);
        command.Parameters.AddWithValue("$record", bytes);
        command.ExecuteNonQuery();
        return new WriteOutcome(true, etag);
    }
}
