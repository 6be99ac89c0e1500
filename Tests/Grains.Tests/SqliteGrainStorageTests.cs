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

    public void Dispose()
    {
        _services.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Record_is_there_after_the_file_was_opened_again()
    {
        await using (var storage = await Open()) await storage.WriteStateAsync("state", Grain, new GrainState<Text>(new Text("kept")));

        await using var reopened = await Open();
        var read = await Read(reopened);
        Assert.True(read.RecordExists);
        Assert.Equal("kept", read.State!.Value);
        Assert.False((await Read(reopened, "other")).RecordExists);
        await reopened.ClearStateAsync("state", Grain, read);
        Assert.False((await Read(reopened)).RecordExists);
    }

    [Fact]
    public async Task Second_writer_from_the_same_read_is_refused_and_changes_nothing()
    {
        await using var storage = await Open();
        await storage.WriteStateAsync("state", Grain, new GrainState<Text>(new Text("first")));
        var (one, two) = (await Read(storage), await Read(storage));
        (one.State, two.State) = (new Text("second"), new Text("lost"));
        await storage.WriteStateAsync("state", Grain, one);
        await Assert.ThrowsAsync<InconsistentStateException>(() => storage.WriteStateAsync("state", Grain, two));
        await Assert.ThrowsAsync<InconsistentStateException>(() => storage.WriteStateAsync("state", Grain, new GrainState<Text>(new Text("lost"))));
        Assert.Equal("second", (await Read(storage)).State!.Value);
    }

    [Fact]
    public async Task Writers_at_the_same_time_share_commits_and_all_are_stored()
    {
        await using var storage = await Open();
        await Task.WhenAll(Enumerable.Range(0, 300).Select(i => storage.WriteStateAsync("state", GrainId.Create("test", $"{i}"), new GrainState<Text>(new Text($"{i}")))));
        Assert.InRange(storage.Commits, 1, 150);
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

    [Theory]
    [InlineData("UPDATE grain_state SET payload = x'00112233'", "checksum")]
    [InlineData("UPDATE grain_state SET payload = x'ff', sha256 = x'a8100ae6aa1940d0b663bb31cd466142ebbdbd5187131b92d93818987832eb89'", "cannot be read as")]
    public async Task Record_that_cannot_be_read_is_an_error_with_its_name_and_is_not_overwritten(string damage, string because)
    {
        await using (var storage = await Open()) await storage.WriteStateAsync("state", Grain, new GrainState<Text>(new Text("kept")));
        Execute(damage);

        await using var reopened = await Open();
        var error = await Assert.ThrowsAsync<GrainStorageException>(() => Read(reopened));
        Assert.Contains("'state' of grain 'test/one' (write 1)", error.Message, StringComparison.Ordinal);
        Assert.Contains(because, error.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<InconsistentStateException>(() => reopened.WriteStateAsync("state", Grain, new GrainState<Text>(new Text("new"))));
    }

    [Fact]
    public async Task Database_of_another_schema_version_is_refused()
    {
        await using (await Open())
        {
        }

        Execute("UPDATE storage_schema SET version = 2");
        Assert.Contains("schema version 2; this build reads 1", (await Assert.ThrowsAsync<GrainStorageException>(Open)).Message, StringComparison.Ordinal);
    }

    private async Task<SqliteGrainStorage> Open()
    {
        var storage = new SqliteGrainStorage("test", _folder.Database, new OrleansGrainStorageSerializer(_services.GetRequiredService<Serializer>()));
        await storage.OpenAsync();
        return storage;
    }

    private static async Task<GrainState<Text>> Read(SqliteGrainStorage storage, string name = "state")
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
        Assert.Equal(1, command.ExecuteNonQuery());
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
