using FwdLLM.Silo.Storage;
using FwdLLM.Tests;
using Npgsql;

namespace FwdLLM.Silo.Tests.Storage;

/// <summary>What a silo does and says of a PostgreSQL database before it uses it.</summary>
public sealed class PostgresStartTests
{
    private readonly CollectingLogger<PostgresRecordStore> _log = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Tables_are_made_once_by_silos_that_start_together_and_their_version_is_checked()
    {
        await using var server = await PostgresTestServer.StartNewAsync(Cancellation);
        await Refused(server.Connection.Replace(TestServer.Password, "wrong-one", StringComparison.Ordinal), "password authentication failed for user \"fwdllm\" (28P01); check user, password and database in StorageConnection");
        await Refused(server.Connection.Replace("Database=postgres", "Database=nowhere", StringComparison.Ordinal), "database \"nowhere\" does not exist (3D000)");

        await Task.WhenAll(Enumerable.Range(0, 8).Select(async _ =>
        {
            await using var store = Store(server.Connection);
            await store.OpenAsync(Cancellation);
        }));
        Assert.Empty(_log.Lines);

        await RunAsync(server, "UPDATE fwdllm_schema SET version = 2");
        await Refused(server.Connection, "has schema version 2; this build reads 1. Run the build that wrote it");
    }

    [Fact]
    public async Task Database_of_another_program_and_server_that_forgets_are_told()
    {
        await using var server = await PostgresTestServer.StartNewAsync(Cancellation);
        await RunAsync(server, "CREATE TABLE OrleansQuery (QueryKey text)");
        await Refused(server.Connection, "holds the tables of another Orleans program; give a database of its own");

        await RunAsync(server, "DROP TABLE OrleansQuery");
        await RunAsync(server, "ALTER ROLE fwdllm SET synchronous_commit = off");
        await using var store = Store(server.Connection);
        await store.OpenAsync(Cancellation);
        Assert.Contains("synchronous_commit off: when its machine dies, the last acknowledged work can be lost", Assert.Single(_log.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public Task Server_that_is_not_there_is_refused_in_time() => Refused($"Host=127.0.0.1;Port={FreePort.Take(1)[0]};Username=a;Password={TestServer.Password}", "cannot be reached within 10 s");

    [Theory]
    [InlineData("postgresql://user:correct-horse@host/db", "StorageConnection is a URL; give it as Host=…")]
    [InlineData("Hots=a;Password=correct-horse", "StorageConnection cannot be read as a PostgreSQL connection")]
    [InlineData("Password=correct-horse", "StorageConnection names no Host")]
    public void Connection_that_cannot_be_read_is_explained_without_its_password(string connection, string message) =>
        StartRefusal.OfConnection(() => Store(connection), message);

    private PostgresRecordStore Store(string connection) => new(connection, "service", _log);

    private Task Refused(string connection, string message) => StartRefusal.OnOpening(() => Store(connection), message);

    private static async Task RunAsync(PostgresTestServer server, string sql)
    {
        await using var source = NpgsqlDataSource.Create(server.Connection);
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Cancellation);
    }
}
