using FwdLLM.Silo.Storage;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;
using Orleans.Storage;

namespace FwdLLM.Tests.Grains;

public sealed class SqliteGrainStorageTests : IDisposable
{
    private static readonly GrainId Grain = GrainId.Create("test", "one");

    private readonly TemporaryFolder _folder = new();
    private readonly ServiceProvider _services = new ServiceCollection().AddSerializer().BuildServiceProvider();

    private SqliteRecordStore? _store;

    public void Dispose()
    {
        _services.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Writers_at_the_same_time_share_commits_and_all_are_stored()
    {
        await using var storage = await Open();
        await Task.WhenAll(Enumerable.Range(0, 300).Select(i => storage.WriteStateAsync("state", GrainId.Create("test", $"{i}"), new GrainState<Text>(new Text($"{i}")))));
        Assert.InRange(_store!.Commits, 1, 150);
        for (var i = 0; i < 300; i += 50)
        {
            var state = new GrainState<Text>(new Text());
            await storage.ReadStateAsync("state", GrainId.Create("test", $"{i}"), state);
            Assert.Equal($"{i}", state.State!.Value);
        }
    }

    [Fact]
    public async Task File_that_is_not_a_database_is_named_and_left_alone()
    {
        var bytes = Enumerable.Repeat((byte)'x', 10_000).ToArray();
        await File.WriteAllBytesAsync(_folder.Database, bytes, TestContext.Current.CancellationToken);
        var error = await Assert.ThrowsAsync<GrainStorageException>(Open);
        Assert.Contains(_folder.Database, error.Message, StringComparison.Ordinal);
        Assert.Contains("restore it from a backup", error.Message, StringComparison.Ordinal);
        Assert.Equal(bytes, await File.ReadAllBytesAsync(_folder.Database, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Database_of_the_first_schema_is_brought_up_to_date_with_its_records()
    {
        await using (var storage = await Open())
        {
            await storage.WriteStateAsync("state", Grain, new GrainState<Text>(new Text("kept")));
            await storage.WriteStateAsync("damaged", Grain, new GrainState<Text>(new Text("lost")));
        }

        // As version 1 was: checksum and payload in columns of their own.
        Execute("""
            ALTER TABLE grain_state ADD COLUMN sha256 BLOB NOT NULL DEFAULT x'';
            ALTER TABLE grain_state ADD COLUMN payload BLOB NOT NULL DEFAULT x'';
            UPDATE grain_state SET sha256 = substr(record, 2, 32), payload = substr(record, 34);
            ALTER TABLE grain_state DROP COLUMN record;
            UPDATE grain_state SET payload = x'00112233' WHERE name = 'damaged';
            UPDATE storage_schema SET version = 1;
            """);

        await using var reopened = await Open();
        Assert.Equal("kept", (await Read(reopened)).State!.Value);
        Assert.Contains("checksum", (await Assert.ThrowsAsync<GrainStorageException>(() => Read(reopened, "damaged"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Database_of_another_schema_version_is_refused()
    {
        await using (await Open())
        {
        }

        Execute("UPDATE storage_schema SET version = 3");
        Assert.Contains("schema version 3; this build reads 2", (await Assert.ThrowsAsync<GrainStorageException>(Open)).Message, StringComparison.Ordinal);
    }

    private async Task<DurableGrainStorage> Open()
    {
        var storage = new DurableGrainStorage("test", _store = new SqliteRecordStore(_folder.Database), new OrleansGrainStorageSerializer(_services.GetRequiredService<Serializer>()));
        await storage.OpenAsync(TestContext.Current.CancellationToken);
        return storage;
    }

    private static async Task<GrainState<Text>> Read(DurableGrainStorage storage, string name = "state")
    {
        var state = new GrainState<Text>(new Text());
        await storage.ReadStateAsync(name, Grain, state);
        return state;
    }

    private void Execute(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={_folder.Database};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    [GenerateSerializer, Alias("test.text")]
    internal sealed class Text
    {
        public Text()
        {
        }

        public Text(string value) => Value = value;

        [Id(0)] public string Value { get; set; } = "";
    }
}
