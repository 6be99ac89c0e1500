using FwdLLM.Grains.Interfaces;

namespace FwdLLM.DeviceAgent.Tests;

public sealed class SnapshotCacheTests
{
    private readonly FakeCluster _cluster = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Fifty_devices_that_ask_at_once_share_one_download()
    {
        var gate = new TaskCompletionSource();
        _cluster.SnapshotGate = gate.Task;
        using var cache = new SnapshotCache(_cluster);

        var asked = Enumerable.Range(0, 50).Select(_ => cache.GetAsync("job", 4, false, Cancellation)).ToArray();
        gate.SetResult();
        var snapshots = await Task.WhenAll(asked);

        Assert.Equal(1, cache.Downloads);
        Assert.All(snapshots, snapshot => Assert.Same(snapshots[0], snapshot));
        Assert.Equal([1f, 2f, 3f], snapshots[0].Theta);
    }

    [Fact]
    public async Task Device_that_leaves_does_not_stop_the_download_of_the_others()
    {
        var gate = new TaskCompletionSource();
        _cluster.SnapshotGate = gate.Task;
        using var cache = new SnapshotCache(_cluster);
        using var leaving = new CancellationTokenSource();

        var first = cache.GetAsync("job", 4, false, leaving.Token);
        var second = cache.GetAsync("job", 4, false, Cancellation);
        await leaving.CancelAsync();
        gate.SetResult();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        Assert.Equal(4u, (await second).Version);
        Assert.Equal(1, cache.Downloads);
    }

    [Fact]
    public async Task Failed_download_is_tried_again_by_the_next_who_asks()
    {
        _cluster.NewestVersion = 3;
        using var cache = new SnapshotCache(_cluster);

        await Assert.ThrowsAsync<VersionNotHeldException>(() => cache.GetAsync("job", 4, false, Cancellation));
        _cluster.NewestVersion = 4;

        Assert.Equal(4u, (await cache.GetAsync("job", 4, false, Cancellation)).Version);
    }

    [Fact]
    public async Task Old_versions_are_forgotten()
    {
        using var cache = new SnapshotCache(_cluster);
        foreach (var version in new[] { 1, 2, 3, 1 })
            await cache.GetAsync("job", version, false, Cancellation);

        Assert.Equal(4, cache.Downloads);
    }

    [Fact]
    public async Task Absurd_length_is_refused_before_memory_is_taken()
    {
        _cluster.Tamper = chunk => chunk with { TotalBytes = int.MaxValue };
        using var cache = new SnapshotCache(_cluster);

        var error = await Assert.ThrowsAsync<InvalidDataException>(() => cache.GetAsync("job", 4, false, Cancellation));

        Assert.Contains("2147483647", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Empty_piece_before_the_end_is_refused()
    {
        _cluster.Tamper = chunk => chunk with { Data = [] };
        using var cache = new SnapshotCache(_cluster);

        await Assert.ThrowsAsync<InvalidDataException>(() => cache.GetAsync("job", 4, false, Cancellation));
    }

    [Fact]
    public async Task Version_that_is_here_is_where_the_changes_start_and_the_bits_are_the_same()
    {
        using var cache = new SnapshotCache(_cluster);
        foreach (var version in new[] { 4, 7, 8 })
        {
            var snapshot = await cache.GetAsync("job", version, true, Cancellation);
            Assert.Equal(FakeCluster.Snapshot(version).ToBytes(), snapshot.ToBytes());
        }

        Assert.Equal([(-1, 4), (4, 7), (7, 8)], _cluster.ChangesCalls.Where(call => call.Offset == 0).Select(call => (call.From, call.Version)));
        Assert.Equal((3, 0, 0), (cache.Downloads, cache.WholeDownloads, _cluster.SnapshotCalls));
    }

    public static TheoryData<string, Func<ModelChanges, ModelChanges>> Lies => new()
    {
        { "another result", piece => piece with { Data = [.. piece.Data.Select((value, i) => i == piece.Data.Length - 1 ? (byte)(value ^ 1) : value)] } },
        { "another hash", piece => piece with { Sha256 = piece.Sha256.Length == 0 ? [] : new byte[32] } },
        { "no hash", piece => piece with { Sha256 = [] } },
        { "another version", piece => piece with { Version = piece.Version + 1 } },
        { "an absurd length", piece => piece with { TotalBytes = int.MaxValue } },
        { "no bytes", piece => piece with { Data = [] } },
        { "too many bytes", piece => piece with { Data = new byte[piece.TotalBytes + 1] } },
        { "a length that changes", piece => piece.Sha256.Length > 0 ? piece : piece with { TotalBytes = piece.TotalBytes + 1 } },
    };

    [Theory]
    [MemberData(nameof(Lies))]
    public async Task Changes_that_do_not_come_out_right_are_replaced_by_the_whole(string lie, Func<ModelChanges, ModelChanges> tamper)
    {
        using var cache = new SnapshotCache(_cluster);
        await cache.GetAsync("job", 4, true, Cancellation);
        _cluster.TamperChanges = tamper;

        var snapshot = await cache.GetAsync("job", 5, true, Cancellation);

        Assert.Equal((lie, Convert.ToHexString(FakeCluster.Snapshot(5).ToBytes())), (lie, Convert.ToHexString(snapshot.ToBytes())));
        Assert.Equal(1, cache.WholeDownloads);
    }

    [Fact]
    public async Task Cluster_that_fails_at_the_call_is_asked_for_the_whole_for_some_versions()
    {
        _cluster.TamperChanges = _ => throw new TimeoutException("no answer");
        using var cache = new SnapshotCache(_cluster);
        foreach (var version in Enumerable.Range(1, 18))
            Assert.Equal((uint)version, (await cache.GetAsync("job", version, true, Cancellation)).Version);

        Assert.Equal(18, cache.WholeDownloads);
        Assert.Equal([1, 18], _cluster.ChangesCalls.Select(call => call.Version));
    }
}
