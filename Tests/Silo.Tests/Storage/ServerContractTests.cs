using FwdLLM.Grains.Interfaces;
using FwdLLM.Tests;

namespace FwdLLM.Silo.Tests.Storage;

/// <summary>What a backend with a server promises besides: nothing acknowledged is lost with it, and its absence is told from damage.</summary>
public abstract class ServerContractTests : StorageContractTests
{
    private protected abstract TestServer Server { get; }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await Server.DisposeAsync();
    }

    [Fact]
    public async Task Acknowledged_writes_survive_kill_9_of_the_server_and_the_storage_goes_on_when_it_is_back()
    {
        await using var storage = await Open();
        var (written, state) = (0, new GrainState<Note>(new Note()));
        var killed = Task.CompletedTask;
        try
        {
            while (written < 100_000)
            {
                state.State = new Note($"{written + 1}");
                await storage.WriteStateAsync("state", GrainId.Create("test", "one"), state);
                if (++written == 50)
                    killed = Server.KillAsync();
            }
        }
        catch (StorageUnavailableException e)
        {
            Assert.DoesNotContain(TestServer.Password, e.Message, StringComparison.Ordinal);
        }

        await killed;
        await Assert.ThrowsAsync<StorageUnavailableException>(() => Read(storage));
        await Server.StartAsync(Cancellation);

        var read = await UntilAnswered(() => Read(storage));
        // The write that was on its way when the server died may have happened; all before it have.
        Assert.InRange(int.Parse(read.State!.Text), written, written + 1);
        read.State = new Note("after");
        await storage.WriteStateAsync("state", GrainId.Create("test", "one"), read);
        Assert.Equal("after", (await Read(storage)).State!.Text);
    }

    // A client notices the new server after its own reconnection delay; each failed call takes a part of that.
    private static async Task<T> UntilAnswered<T>(Func<Task<T>> call)
    {
        while (true)
        {
            try
            {
                return await call();
            }
            catch (StorageUnavailableException)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(50), Cancellation);
            }
        }
    }
}
