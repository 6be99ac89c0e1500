using FwdLLM.Grains;
using FwdLLM.Grains.Interfaces;
using FwdLLM.Silo.Storage;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;
using Orleans.Storage;

namespace FwdLLM.Tests.Grains;

public sealed class StateFormatTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Grain_whose_state_is_of_a_newer_format_does_not_activate_and_does_not_overwrite_it()
    {
        var key = GrainId.Create("job", "job");
        await using (var storage = await Open())
            await storage.WriteStateAsync("job", key, new GrainState<JobState>(new JobState { Format = 2, Message = "from the future" }));

        await using (var cluster = await TestCluster.Start(_folder.Database))
        {
            var error = await Assert.ThrowsAnyAsync<Exception>(() => cluster.Job.Submit(TestCluster.Spec()));
            Assert.Contains("State of 'job/job' has format 2; this build reads formats up to 1", error.ToString(), StringComparison.Ordinal);
        }

        await using var after = await Open();
        var kept = new GrainState<JobState>(new JobState());
        await after.ReadStateAsync("job", key, kept);
        Assert.Equal("from the future", kept.State!.Message);
    }

    private async Task<DurableGrainStorage> Open()
    {
        var services = new ServiceCollection().AddSerializer(s => s.AddAssembly(typeof(JobState).Assembly).AddAssembly(typeof(JobSpec).Assembly)).BuildServiceProvider();
        var storage = new DurableGrainStorage("test", new SqliteRecordStore(_folder.Database), new OrleansGrainStorageSerializer(services.GetRequiredService<Serializer>()));
        await storage.OpenAsync(TestContext.Current.CancellationToken);
        return storage;
    }
}
