using System.Globalization;
using StackExchange.Redis;

namespace FwdLLM.Silo.Storage;

/// <summary>
/// Records in Redis, one hash {etag, record} each under <c>service/state/grain/name</c>. The script that writes compares the ETag; the
/// server's append-only file makes it durable before the answer (appendfsync always).
/// </summary>
public sealed partial class RedisRecordStore : IRecordStore
{
    private const string ETagField = "etag", RecordField = "record";

    // A first write must find no key at all: a key without an ETag is not ours to overwrite.
    private const string WriteScript = """
        local etag = redis.call('HGET', KEYS[1], 'etag')
        if (etag or '') ~= ARGV[1] or (not etag and redis.call('EXISTS', KEYS[1]) == 1) then return {0, etag or ''} end
        if ARGV[2] == '' then redis.call('DEL', KEYS[1]) else redis.call('HSET', KEYS[1], 'etag', ARGV[2], 'record', ARGV[3]) end
        return {1, ARGV[2]}
        """;

    private readonly RedisServer _server;
    private readonly string _serviceId;
    private readonly ILogger _logger;
    private IConnectionMultiplexer? _connection;

    /// <param name="connection">As StackExchange.Redis reads it.</param>
    /// <param name="serviceId">First part of every key.</param>
    /// <param name="logger">Told what the server does not keep.</param>
    /// <exception cref="ArgumentException">The connection cannot be read.</exception>
    public RedisRecordStore(string connection, string serviceId, ILogger<RedisRecordStore> logger)
    {
        (_server, _serviceId, _logger) = (new RedisServer(connection, nameof(SiloSettings.StorageConnection)), serviceId, logger);
    }

    public string Place => _server.Place;

    private IDatabase Database => _connection?.GetDatabase() ?? throw new InvalidOperationException($"{Place} is not open; it opens when the silo starts.");

    public async Task OpenAsync(CancellationToken cancellation)
    {
        var connection = await _server.ConnectAsync(cancellation);
        try
        {
            foreach (var warning in await RedisDurability.CheckAsync(connection.GetDatabase(), Place))
                LogNotDurable(_logger, warning);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }

        _connection = connection;
    }

    public async Task<StoredRecord?> ReadAsync(RecordKey key)
    {
        HashEntry[] fields;
        try
        {
            fields = await Database.HashGetAllAsync(PathOf(key));
        }
        catch (Exception e) when (e is RedisException or TimeoutException)
        {
            throw _server.Unavailable(e);
        }

        if (fields.Length == 0)
            return null;
        var values = fields.ToDictionary(field => field.Name.ToString(), field => field.Value, StringComparer.Ordinal);
        if (!values.TryGetValue(RecordField, out var record) || !values.TryGetValue(ETagField, out var text) || !ETag(text, out var etag))
            throw new GrainStorageException($"The key '{PathOf(key)}' in {Place} is damaged: it has not the fields {ETagField} and {RecordField}. It was left as it is; restore it from a backup.");
        return new StoredRecord(etag, (byte[])record!);
    }

    public async Task<WriteOutcome> WriteAsync(RecordKey key, long? etag, byte[]? bytes)
    {
        var next = bytes is null ? "" : ((etag ?? 0) + 1).ToString(CultureInfo.InvariantCulture);
        try
        {
            RedisValue[] arguments = [etag?.ToString(CultureInfo.InvariantCulture) ?? "", next, bytes is null ? RedisValue.EmptyString : bytes];
            var answer = (RedisResult[])(await Database.ScriptEvaluateAsync(WriteScript, [PathOf(key)], arguments))!;
            return new WriteOutcome((int)answer[0] == 1, ETag((RedisValue)answer[1], out var stored) ? stored : null);
        }
        catch (Exception e) when (e is RedisException or TimeoutException)
        {
            throw _server.Unavailable(e);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _connection, null) is { } connection)
            await connection.DisposeAsync();
    }

    private RedisKey PathOf(RecordKey key) => $"{_serviceId}/state/{key.Grain}/{key.Name}";

    private static bool ETag(RedisValue text, out long etag) => long.TryParse(text.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out etag);

    [LoggerMessage(LogLevel.Warning, "{Warning}")]
    private static partial void LogNotDurable(ILogger logger, string warning);
}
