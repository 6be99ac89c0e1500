using System.Security.Cryptography;
using FwdLLM.Silo.Storage;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;
using Orleans.Storage;

namespace FwdLLM.Silo.Tests.Storage;

/// <summary>What every backend promises. One derived class per backend; each test starts with an empty store.</summary>
public abstract class StorageContractTests : IAsyncLifetime
{
    private static readonly GrainId Grain = GrainId.Create("test", "one");

    private readonly ServiceProvider _services = new ServiceCollection().AddSerializer().BuildServiceProvider();

    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public abstract ValueTask InitializeAsync();

    public virtual async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await _services.DisposeAsync();
    }

    [Fact]
    public async Task Record_is_there_for_the_next_silo_and_gone_when_cleared()
    {
        await using (var storage = await Open())
            await storage.WriteStateAsync("state", Grain, new GrainState<Note>(new Note("kept")));

        await using var reopened = await Open();
        var read = await Read(reopened);
        Assert.True(read.RecordExists);
        Assert.Equal("kept", read.State!.Text);
        Assert.False((await Read(reopened, "other")).RecordExists);
        await reopened.ClearStateAsync("state", Grain, read);
        Assert.False((await Read(reopened)).RecordExists);
        await reopened.WriteStateAsync("state", Grain, read);
        Assert.True((await Read(reopened)).RecordExists);
    }

    [Fact]
    public async Task Second_writer_from_the_same_read_is_refused_and_changes_nothing()
    {
        await using var storage = await Open();
        await using var other = await Open();
        await storage.WriteStateAsync("state", Grain, new GrainState<Note>(new Note("first")));
        var (one, two) = (await Read(storage), await Read(other));
        (one.State, two.State) = (new Note("second"), new Note("lost"));
        await storage.WriteStateAsync("state", Grain, one);

        await Assert.ThrowsAsync<InconsistentStateException>(() => other.WriteStateAsync("state", Grain, two));
        await Assert.ThrowsAsync<InconsistentStateException>(() => other.ClearStateAsync("state", Grain, two));
        await Assert.ThrowsAsync<InconsistentStateException>(() => other.WriteStateAsync("state", Grain, new GrainState<Note>(new Note("lost"))));
        await Assert.ThrowsAsync<InconsistentStateException>(() => other.ClearStateAsync("state", Grain, new GrainState<Note>(new Note())));
        Assert.Equal("second", (await Read(other)).State!.Text);
    }

    [Fact]
    public async Task Of_many_first_writers_at_the_same_time_exactly_one_is_let_through()
    {
        await using var storage = await Open();
        await using var other = await Open();
        for (var round = 0; round < 5; round++)
        {
            var key = GrainId.Create("test", $"race-{round}");
            var outcomes = await Task.WhenAll(Enumerable.Range(0, 16).Select(async writer =>
            {
                try
                {
                    await (writer % 2 == 0 ? storage : other).WriteStateAsync("state", key, new GrainState<Note>(new Note($"{writer}")));
                    return writer;
                }
                catch (InconsistentStateException)
                {
                    return -1;
                }
            }));

            var winner = Assert.Single(outcomes, writer => writer >= 0);
            var read = new GrainState<Note>(new Note());
            await storage.ReadStateAsync("state", key, read);
            Assert.Equal($"{winner}", read.State!.Text);
        }
    }

    [Fact]
    public async Task Many_grains_write_at_the_same_time_and_all_are_stored()
    {
        await using var storage = await Open();
        await Task.WhenAll(Enumerable.Range(0, 300).Select(i => storage.WriteStateAsync("state", GrainId.Create("test", $"{i}"), new GrainState<Note>(new Note($"{i}")))));
        for (var i = 0; i < 300; i += 30)
        {
            var state = new GrainState<Note>(new Note());
            await storage.ReadStateAsync("state", GrainId.Create("test", $"{i}"), state);
            Assert.Equal($"{i}", state.State!.Text);
        }
    }

    [Fact]
    public async Task Record_of_several_megabytes_comes_back_bit_for_bit()
    {
        await using var storage = await Open();
        var bytes = new byte[6_000_000];
        new Random(7).NextBytes(bytes);
        await storage.WriteStateAsync("state", Grain, new GrainState<Note>(new Note { Bytes = bytes }));
        Assert.Equal(SHA256.HashData(bytes), SHA256.HashData((await Read(storage)).State!.Bytes));
    }

    [Theory]
    [InlineData(0, "record format 2; this build reads 1")]
    [InlineData(5, "checksum does not match")]
    [InlineData(40, "checksum does not match")]
    public async Task Changed_byte_is_an_error_with_its_grain_and_remedy_and_nothing_is_overwritten(int position, string because)
    {
        await using var storage = await Open();
        await storage.WriteStateAsync("state", Grain, new GrainState<Note>(new Note("a text of some length")));
        var bytes = (await ReadBytesAsync("test/one", "state"))!;
        bytes[position] ^= 3;
        await OverwriteAsync("test/one", "state", bytes);

        await RefusedAndKept(storage, because, bytes);
    }

    [Fact]
    public async Task Record_cut_short_or_of_another_type_is_an_error_and_not_overwritten()
    {
        await using var storage = await Open();
        await storage.WriteStateAsync("state", Grain, new GrainState<Note>(new Note("a text")));
        foreach (var (bytes, because) in new[] { (new byte[] { 1, 2, 3 }, "3 bytes are less than its header"), (RecordEnvelope.Seal([0xff]), "cannot be read as Note") })
        {
            await OverwriteAsync("test/one", "state", bytes);
            await RefusedAndKept(storage, because, bytes);
        }
    }

    /// <summary>A store of this backend, as another silo would open it.</summary>
    protected abstract IRecordStore CreateStore();

    /// <summary>Bytes of a record, past the store.</summary>
    protected abstract Task<byte[]?> ReadBytesAsync(string grain, string name);

    /// <summary>Replaces the bytes of a record, past the store.</summary>
    protected abstract Task OverwriteAsync(string grain, string name, byte[] bytes);

    protected async Task<DurableGrainStorage> Open()
    {
        var storage = new DurableGrainStorage("test", CreateStore(), new OrleansGrainStorageSerializer(_services.GetRequiredService<Serializer>()));
        await storage.OpenAsync(Cancellation);
        return storage;
    }

    protected static async Task<GrainState<Note>> Read(DurableGrainStorage storage, string name = "state")
    {
        var state = new GrainState<Note>(new Note());
        await storage.ReadStateAsync(name, Grain, state);
        return state;
    }

    private async Task RefusedAndKept(DurableGrainStorage storage, string because, byte[] bytes)
    {
        var unread = new GrainState<Note>(new Note());
        var error = await Assert.ThrowsAsync<GrainStorageException>(() => storage.ReadStateAsync("state", Grain, unread));
        Assert.Contains("'state' of grain 'test/one' (write 1)", error.Message, StringComparison.Ordinal);
        Assert.Contains(because, error.Message, StringComparison.Ordinal);
        Assert.Contains("left as it is", error.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<InconsistentStateException>(() => storage.WriteStateAsync("state", Grain, unread));
        Assert.Equal(bytes, await ReadBytesAsync("test/one", "state"));
    }

    [GenerateSerializer, Alias("test.note")]
    public sealed class Note
    {
        public Note()
        {
        }

        public Note(string text) => Text = text;

        [Id(0)] public string Text { get; set; } = "";

        [Id(1)] public byte[] Bytes { get; set; } = [];
    }
}
