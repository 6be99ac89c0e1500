using Npgsql;

namespace FwdLLM.Silo.Storage;

/// <summary>
/// Records in PostgreSQL, one row each. Every write is one statement that compares the ETag and commits by itself: durable when the
/// server answers (synchronous_commit), and the server gathers the commits of many connections.
/// </summary>
public sealed partial class PostgresRecordStore : IRecordStore
{
    private const string Where = "WHERE service = @service AND grain = @grain AND name = @name";

    private readonly PostgresServer _server;
    private readonly string _serviceId;
    private readonly ILogger _logger;

    /// <param name="connection">As Npgsql reads it.</param>
    /// <param name="serviceId">First part of every key.</param>
    /// <param name="logger">Told what the server does not keep.</param>
    /// <exception cref="ArgumentException">The connection cannot be read.</exception>
    public PostgresRecordStore(string connection, string serviceId, ILogger<PostgresRecordStore> logger)
    {
        (_server, _serviceId, _logger) = (new PostgresServer(connection, nameof(SiloSettings.StorageConnection), PostgresServer.RecordConnections), serviceId, logger);
    }

    public string Place => _server.Place;

    public async Task OpenAsync(CancellationToken cancellation)
    {
        foreach (var warning in await PostgresSchema.PrepareAsync(_server, cancellation))
            LogNotDurable(_logger, warning);
    }

    public Task<StoredRecord?> ReadAsync(RecordKey key) => RunAsync(key, $"SELECT etag, record FROM fwdllm_grain_state {Where}", [], async command =>
    {
        await using var row = await command.ExecuteReaderAsync();
        return await row.ReadAsync() ? new StoredRecord(row.GetInt64(0), row.GetFieldValue<byte[]>(1)) : null;
    });

    public async Task<WriteOutcome> WriteAsync(RecordKey key, long? etag, byte[]? bytes)
    {
        var next = (etag ?? 0) + 1;
        var (sql, parameters) = (etag, bytes) switch
        {
            (null, null) => ($"SELECT 1 FROM (VALUES (1)) AS one WHERE NOT EXISTS (SELECT 1 FROM fwdllm_grain_state {Where})", Array.Empty<NpgsqlParameter>()),
            (null, _) => ("INSERT INTO fwdllm_grain_state (service, grain, name, etag, record) VALUES (@service, @grain, @name, @next, @record) ON CONFLICT DO NOTHING RETURNING 1", [new("next", next), new("record", bytes)]),
            (_, null) => ($"DELETE FROM fwdllm_grain_state {Where} AND etag = @etag RETURNING 1", [new("etag", etag)]),
            _ => ($"UPDATE fwdllm_grain_state SET etag = @next, record = @record {Where} AND etag = @etag RETURNING 1", [new("next", next), new("record", bytes), new("etag", etag)]),
        };
        if (await RunAsync(key, sql, parameters, command => command.ExecuteScalarAsync()) is not null)
            return new WriteOutcome(true, bytes is null ? null : next);
        return new WriteOutcome(false, (long?)await RunAsync(key, $"SELECT etag FROM fwdllm_grain_state {Where}", [], command => command.ExecuteScalarAsync()));
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private async Task<T> RunAsync<T>(RecordKey key, string sql, NpgsqlParameter[] parameters, Func<NpgsqlCommand, Task<T>> run)
    {
        try
        {
            await using var command = _server.Source.CreateCommand(sql);
            command.Parameters.AddRange((NpgsqlParameter[])[new("service", _serviceId), new("grain", key.Grain), new("name", key.Name), .. parameters]);
            return await run(command);
        }
        catch (Exception e) when (e is NpgsqlException or TimeoutException)
        {
            throw _server.Unavailable(e);
        }
    }

    [LoggerMessage(LogLevel.Warning, "{Warning}")]
    private static partial void LogNotDurable(ILogger logger, string warning);
}
