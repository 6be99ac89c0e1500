using FwdLLM.Silo.Storage;
using FwdLLM.Tests;
using StackExchange.Redis;

namespace FwdLLM.Silo.Tests.Storage;

/// <summary>What a silo says of a Redis server before it uses it.</summary>
public sealed class RedisStartTests
{
    private readonly CollectingLogger<RedisRecordStore> _log = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("yes", "always", null)]
    [InlineData("yes", "everysec", "appendfsync everysec: when it or its machine dies, the last seconds of acknowledged work can be lost")]
    [InlineData("no", "always", "appendonly no: when it stops, everything since its last snapshot is lost")]
    public async Task Server_that_forgets_is_warned_of(string appendOnly, string appendSync, string? warning)
    {
        await using var server = await RedisTestServer.StartNewAsync(Cancellation, appendOnly, appendSync);
        await using var store = Store(server.Connection);
        await store.OpenAsync(Cancellation);

        if (warning is null)
            Assert.Empty(_log.Lines);
        else
            Assert.Contains(warning, Assert.Single(_log.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Wrong_password_evicting_server_and_foreign_key_are_refused()
    {
        await using var server = await RedisTestServer.StartNewAsync(Cancellation);
        await Refused(server.Connection.Replace(TestServer.Password, "wrong-one", StringComparison.Ordinal), "refuses the login; check user and password in StorageConnection");

        await using (var store = Store(server.Connection))
        {
            await store.OpenAsync(Cancellation);
            await using var connection = await ConnectionMultiplexer.ConnectAsync(server.Connection + ",allowAdmin=true");
            var key = new RecordKey("job/a", "job");
            await connection.GetDatabase().StringSetAsync("service/state/job/a/job", "something");
            Assert.Contains("holds something else", (await Assert.ThrowsAsync<GrainStorageException>(() => store.ReadAsync(key))).Message, StringComparison.Ordinal);
            await Assert.ThrowsAsync<GrainStorageException>(() => store.WriteAsync(key, null, [1]));
            await connection.GetDatabase().KeyDeleteAsync("service/state/job/a/job");
            await connection.GetDatabase().HashSetAsync("service/state/job/a/job", "record", "bytes");
            Assert.Contains("is damaged: it has not the fields", (await Assert.ThrowsAsync<GrainStorageException>(() => store.ReadAsync(key))).Message, StringComparison.Ordinal);
            Assert.False((await store.WriteAsync(key, null, [1])).Written);

            await connection.GetServers()[0].ConfigSetAsync("maxmemory", "100mb");
            await connection.GetServers()[0].ConfigSetAsync("maxmemory-policy", "allkeys-lru");
        }

        await Refused(server.Connection, "maxmemory-policy allkeys-lru: it deletes grain state when its memory is full. Set maxmemory-policy noeviction");
    }

    [Fact]
    public Task Server_that_is_not_there_is_refused_in_time() => Refused($"127.0.0.1:{FreePort.Take(1)[0]},password={TestServer.Password}", "cannot be reached within 10 s");

    [Theory]
    [InlineData("redis://user:correct-horse@host:6379", "StorageConnection is a URL; give it as host:6379,password=…")]
    [InlineData("host:6379,passwort=correct-horse", "StorageConnection cannot be read as a Redis connection")]
    [InlineData("password=correct-horse", "StorageConnection names no server")]
    public void Connection_that_cannot_be_read_is_explained_without_its_password(string connection, string message) =>
        StartRefusal.OfConnection(() => Store(connection), message);

    private RedisRecordStore Store(string connection) => new(connection, "service", _log);

    private Task Refused(string connection, string message) => StartRefusal.OnOpening(() => Store(connection), message);
}
