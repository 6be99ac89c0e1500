using FwdLLM.Silo.Storage;
using FwdLLM.Tests;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace FwdLLM.Silo.Tests.Storage;

public sealed class PostgresContractTests : ServerContractTests
{
    private PostgresTestServer? _server;

    private protected override TestServer Server => _server!;

    public override async ValueTask InitializeAsync() => _server = await PostgresTestServer.StartNewAsync(Cancellation);

    protected override IRecordStore CreateStore() => new PostgresRecordStore(Server.Connection, "service", NullLogger<PostgresRecordStore>.Instance);

    protected override async Task<byte[]?> ReadBytesAsync(string grain, string name) =>
        (byte[]?)await RunAsync("SELECT record FROM fwdllm_grain_state WHERE service = 'service' AND grain = @grain AND name = @name", grain, name, null);

    protected override Task OverwriteAsync(string grain, string name, byte[] bytes) =>
        RunAsync("UPDATE fwdllm_grain_state SET record = @bytes WHERE service = 'service' AND grain = @grain AND name = @name", grain, name, bytes);

    private async Task<object?> RunAsync(string sql, string grain, string name, byte[]? bytes)
    {
        await using var source = NpgsqlDataSource.Create(Server.Connection);
        await using var command = source.CreateCommand(sql);
        command.Parameters.AddRange((NpgsqlParameter[])[new("grain", grain), new("name", name)]);
        if (bytes is not null)
            command.Parameters.Add(new NpgsqlParameter("bytes", bytes));
        return await command.ExecuteScalarAsync(Cancellation);
    }
}
