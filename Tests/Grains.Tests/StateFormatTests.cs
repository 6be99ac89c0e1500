using FwdLLM.Grains;
using FwdLLM.Grains.Interfaces;
using FwdLLM.Silo.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans.Serialization;
using Orleans.Storage;

namespace FwdLLM.Tests.Grains;

public sealed class StateFormatTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private TestServer? _server;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
            await _server.DisposeAsync();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("sqlite")]
    [InlineData("redis")]
    [InlineData("postgresql")]
    public async Task Grain_whose_state_is_of_a_newer_format_does_not_activate_and_does_not_overwrite_it(string kind)
    {
        var store = await StoreOf(kind);
        var key = GrainId.Create("job", "job");
        await using (var storage = await Open(store()))
            await storage.WriteStateAsync("job", key, new GrainState<JobState>(new JobState { Format = 2, Message = "from the future" }));

        await using (var cluster = await TestCluster.Start(store))
        {
            var error = await Assert.ThrowsAnyAsync<Exception>(() => cluster.Job.Submit(TestCluster.Spec()));
            Assert.Contains("State of 'job/job' has format 2; this build reads formats up to 1", error.ToString(), StringComparison.Ordinal);
        }

        await using var after = await Open(store());
        var kept = new GrainState<JobState>(new JobState());
        await after.ReadStateAsync("job", key, kept);
        Assert.Equal(("from the future", "1"), (kept.State!.Message, kept.ETag));
    }

    private async Task<Func<IRecordStore>> StoreOf(string kind)
    {
        _server = kind switch
        {
            "redis" => await RedisTestServer.StartNewAsync(Cancellation),
            "postgresql" => await PostgresTestServer.StartNewAsync(Cancellation),
            _ => null,
        };
        return kind switch
        {
            "redis" => () => new RedisRecordStore(_server!.Connection, "test", NullLogger<RedisRecordStore>.Instance),
            "postgresql" => () => new PostgresRecordStore(_server!.Connection, "test", NullLogger<PostgresRecordStore>.Instance),
            _ => () => new SqliteRecordStore(_folder.Database),
        };
    }

    private static async Task<DurableGrainStorage> Open(IRecordStore store)
    {
        var services = new ServiceCollection().AddSerializer(s => s.AddAssembly(typeof(JobState).Assembly).AddAssembly(typeof(JobSpec).Assembly)).BuildServiceProvider();
        var storage = new DurableGrainStorage("test", store, new OrleansGrainStorageSerializer(services.GetRequiredService<Serializer>()));
        await storage.OpenAsync(Cancellation);
        return storage;
    }
}
