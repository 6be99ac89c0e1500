using FwdLLM.Grains;
using FwdLLM.Grains.Interfaces;
using FwdLLM.Silo.Storage;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;
using Orleans.Storage;

namespace FwdLLM.Tests.Grains;

/// <summary>Entries that the first build stored.</summary>
public sealed class JournalFormatTests : IDisposable
{
    /// <summary>Its bytes of a round with three contributions of two probes and a vector of three bytes.</summary>
    private const string Stored =
        "IAAFIegg6AALAQcBFQENAUEBCQEJQRF0cmFpbmluZ+AxARl8jpRdUmVhZE9ubHlMaXN0SW50ZXJmYWNlQ29kZWNgMVtbZmwucmVjb3JkZWQudjFdXQAHIehAGWRldmljZS0wMDAwMCHoQA9iYW5raW" +
        "5nAQsBAQEBAQcBFQEBAQkBQYEAXtCyAAAAAOAh6AALAQEBFQFBAcFhAABgQAEtQRGdVgWpB9vjOkEHY6AyAZIm4OAg6EAZZGV2aWNlLTAwMDAxIejAJQELAQMBAwEHARUBBQEJAUGBAF7QsgAAAADg" +
        "IegACwEDARUBQQHBYQAAkEABLUERJ1Cko72MbshBByfMHwGaJuDgIOhAGWRldmljZS0wMDAwMiHowCUBCwEBAQUBBwEVAQEBCQFBgQBe0LIAAAAA4CHoAAsBAQEVAUEBwWEAALBAAS1BEd7qdc8n3f" +
        "hKQQfFx0EBoibg4OAxAaj2pFRNUmVhZE9ubHlMaXN0SW50ZXJmYWNlQ29kZWNgMVtbZG91YmxlXV0ABYEAAAAAAADQP4AAAAAAAADgP+Dg4A==";

    /// <summary>The chain that it gave after them.</summary>
    private const string Chain = "348a39d1a1e28821c689cb89512b574c1367d943e2444d07ec6323e3fbf756b2";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Entry_of_the_first_format_is_read_and_its_link_is_the_same()
    {
        var serializer = Serializer();
        var state = serializer.Deserialize<JournalState>(new BinaryData(Convert.FromBase64String(Stored)))!;
        Assert.Equal((1, null), (state.Format, state.Entry));
        await WriteAsync(serializer, "old/5", state);

        await using var cluster = await TestCluster.Start(_folder.Database);
        var entry = JournalEntry.FromBytes(5, (await cluster.Client.GetGrain<IJournalGrain>("old/5").ReadEntry())!);
        Assert.Null(entry.Effect);
        var record = JournalParts.Whole(entry);
        Assert.Equal(Chain, JournalChain.Next(JournalChain.Start, record));
        Assert.Equal(["device-00000", "device-00001", "device-00002"], record.Contributions.Select(work => work.DeviceId));
        Assert.Equal((1236, TimeSpan.FromMinutes(5), 0.5), (record.Contributions[2].Contribution.ElapsedMilliseconds, record.Contributions[2].Assignment.Deadline, record.GateReadings[1]));
    }

    [Fact]
    public async Task Job_whose_entries_are_all_of_the_first_format_is_replayed_and_a_change_is_found()
    {
        await using (var cluster = await TestCluster.Start(_folder.Database))
        {
            await cluster.Job.Submit(TestCluster.Spec());
            await cluster.Enrol(4);
            await cluster.RunToEnd(4);
        }

        var serializer = Serializer();
        await RewriteAsync(serializer, record => record);
        await using (var cluster = await TestCluster.Start(_folder.Database))
            Assert.Equal(7, (await Replays.RunAsync((await ClusterJournal.OpenAsync(cluster.Model, TestContext.Current.CancellationToken))!)).Rounds);

        await RewriteAsync(serializer, record => record.Order.Round == 3 ? record with { Contributions = [.. record.Contributions.SkipLast(1)] } : record);
        await using (var cluster = await TestCluster.Start(_folder.Database))
        {
            var journal = (await ClusterJournal.OpenAsync(cluster.Model, TestContext.Current.CancellationToken))!;
            var error = await Assert.ThrowsAsync<InvalidDataException>(() => Replays.RunAsync(journal));
            Assert.Contains("The chain is broken between rounds 0 and 6", error.Message, StringComparison.Ordinal);
        }
    }

    private static OrleansGrainStorageSerializer Serializer() => new(
        new ServiceCollection().AddSerializer(s => s.AddAssembly(typeof(JobState).Assembly).AddAssembly(typeof(JobSpec).Assembly)).BuildServiceProvider().GetRequiredService<Serializer>());

    private async Task RewriteAsync(OrleansGrainStorageSerializer serializer, Func<RoundRecord, RoundRecord> change)
    {
        for (var round = 0; round < 7; round++)
        {
            await using var storage = await Open(serializer);
            var state = new GrainState<JournalState>(new JournalState());
            await storage.ReadStateAsync("journal", GrainId.Create("journal", $"job/{round}"), state);
            var record = state.State!.Record ?? JournalParts.Whole(JournalEntry.FromBytes(round, state.State.Entry!));
            state.State = new JournalState { Format = 1, Record = change(record) };
            await storage.WriteStateAsync("journal", GrainId.Create("journal", $"job/{round}"), state);
        }
    }

    private async Task WriteAsync(OrleansGrainStorageSerializer serializer, string key, JournalState state)
    {
        await using var storage = await Open(serializer);
        await storage.WriteStateAsync("journal", GrainId.Create("journal", key), new GrainState<JournalState>(state));
    }

    private async Task<DurableGrainStorage> Open(OrleansGrainStorageSerializer serializer)
    {
        var storage = new DurableGrainStorage("test", new SqliteRecordStore(_folder.Database), serializer);
        await storage.OpenAsync(CancellationToken.None);
        return storage;
    }
}
