using FwdLLM.Silo.Storage;
using FwdLLM.Tests;
using Microsoft.Extensions.Logging.Abstractions;
using StackExchange.Redis;

namespace FwdLLM.Silo.Tests.Storage;

public sealed class RedisContractTests : ServerContractTests
{
    private RedisTestServer? _server;

    private protected override TestServer Server => _server!;

    public override async ValueTask InitializeAsync() => _server = await RedisTestServer.StartNewAsync(Cancellation);

    protected override IRecordStore CreateStore() => new RedisRecordStore(Server.Connection, "service", NullLogger<RedisRecordStore>.Instance);

    protected override async Task<byte[]?> ReadBytesAsync(string grain, string name)
    {
        await using var connection = await ConnectionMultiplexer.ConnectAsync(Server.Connection);
        return await connection.GetDatabase().HashGetAsync($"service/state/{grain}/{name}", "record");
    }

    protected override async Task OverwriteAsync(string grain, string name, byte[] bytes)
    {
        await using var connection = await ConnectionMultiplexer.ConnectAsync(Server.Connection);
        await connection.GetDatabase().HashSetAsync($"service/state/{grain}/{name}", "record", bytes);
    }
}
