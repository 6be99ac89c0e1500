using FwdLLM.Silo.Storage;
using Microsoft.Data.Sqlite;

namespace FwdLLM.Silo.Tests.Storage;

public sealed class SqliteContractTests : StorageContractTests
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fwdllm-storage-");

    public override ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    protected override IRecordStore CreateStore() => new SqliteRecordStore(File);

    protected override async Task<byte[]?> ReadBytesAsync(string grain, string name) => (byte[]?)await RunAsync("SELECT record FROM grain_state WHERE grain = $grain AND name = $name", grain, name, null);

    protected override Task OverwriteAsync(string grain, string name, byte[] bytes) => RunAsync("UPDATE grain_state SET record = $bytes WHERE grain = $grain AND name = $name", grain, name, bytes);

    private string File => Path.Combine(_folder.FullName, "fwdllm.db");

    private async Task<object?> RunAsync(string sql, string grain, string name, byte[]? bytes)
    {
        await using var connection = new SqliteConnection($"Data Source={File};Pooling=False");
        await connection.OpenAsync(Cancellation);
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.Parameters.AddWithValue("$grain", grain);
        command.Parameters.AddWithValue("$name", name);
        if (bytes is not null)
            command.Parameters.AddWithValue("$bytes", bytes);
        return await command.ExecuteScalarAsync(Cancellation);
    }
}
