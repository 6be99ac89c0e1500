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

        var asked = Enumerable.Range(0, 50).Select(_ => cache.GetAsync("job", 4, Cancellation)).ToArray();
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

        var first = cache.GetAsync("job", 4, leaving.Token);
        var second = cache.GetAsync("job", 4, Cancellation);
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

        await Assert.ThrowsAsync<VersionNotHeldException>(() => cache.GetAsync("job", 4, Cancellation));
        _cluster.NewestVersion = 4;

        Assert.Equal(4u, (await cache.GetAsync("job", 4, Cancellation)).Version);
    }

    [Fact]
    public async Task Old_versions_are_forgotten()
    {
        using var cache = new SnapshotCache(_cluster);
        foreach (var version in new[] { 1, 2, 3, 1 })
            await cache.GetAsync("job", version, Cancellation);

        Assert.Equal(4, cache.Downloads);
    }

    [Fact]
    public async Task Absurd_length_is_refused_before_memory_is_taken()
    {
        _cluster.Tamper = chunk => chunk with { TotalBytes = int.MaxValue };
        using var cache = new SnapshotCache(_cluster);

        var error = await Assert.ThrowsAsync<InvalidDataException>(() => cache.GetAsync("job", 4, Cancellation));

        Assert.Contains("2147483647", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Empty_piece_before_the_end_is_refused()
    {
        _cluster.Tamper = chunk => chunk with { Data = [] };
        using var cache = new SnapshotCache(_cluster);

        await Assert.ThrowsAsync<InvalidDataException>(() => cache.GetAsync("job", 4, Cancellation));
    }
}
