using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Time.Testing;

namespace FwdLLM.DeviceAgent.Tests;

public sealed class ConnectionWatchTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task End_of_a_connection_is_told_at_once_and_again_when_the_silo_s_death_is_known()
    {
        var watch = new ConnectionWatch([TimeSpan.FromSeconds(1.2), TimeSpan.FromSeconds(2)], _time);
        var ended = new TaskCompletionSource();
        var connection = watch.OnConnectionAsync(new DefaultConnectionContext(), _ => ended.Task);
        var calls = watch.NextLoss;
        Assert.False(calls.IsCancellationRequested);

        ended.SetResult();
        await connection;
        await ToldAsync(calls);

        var again = watch.NextLoss;
        _time.Advance(TimeSpan.FromSeconds(1.1));
        Assert.False(again.IsCancellationRequested);
        _time.Advance(TimeSpan.FromSeconds(0.1));
        await ToldAsync(again);

        var last = watch.NextLoss;
        _time.Advance(TimeSpan.FromSeconds(0.8));
        await ToldAsync(last);
        Assert.False(watch.NextLoss.IsCancellationRequested);
    }

    // Cancelled on the pool's threads.
    private static async Task ToldAsync(CancellationToken loss)
    {
        var told = new TaskCompletionSource();
        await using var registration = loss.Register(told.SetResult);
        await told.Task.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
    }
}
