using FwdLLM.Grains.Interfaces;

namespace FwdLLM.DeviceAgent;

/// <summary>
/// Lets the cluster say when silos come and go, for as long as a client lives. A client sees the end of a gateway that it is connected to;
/// of a silo that its calls reach through other gateways it would learn by their timeout.
/// </summary>
internal sealed class SiloNews : IAsyncDisposable
{
    /// <summary>One waiting call a minute, not one with every check-in: a client's bytes count.</summary>
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(50);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100), LongestPause = TimeSpan.FromMinutes(1);

    private readonly CancellationTokenSource _stop = new();
    private readonly Task _following;

    /// <summary>Begins.</summary>
    /// <param name="grains">The cluster.</param>
    /// <param name="watch">Told.</param>
    /// <param name="time">Clock.</param>
    public SiloNews(IGrainFactory grains, ConnectionWatch watch, TimeProvider time) => _following = Task.Run(() => FollowAsync(grains, watch, time));

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _following;
        _stop.Dispose();
    }

    private async Task FollowAsync(IGrainFactory grains, ConnectionWatch watch, TimeProvider time)
    {
        for (var pause = Pause; !_stop.IsCancellationRequested; await Task.Delay(pause, time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing))
        {
            // A connection that ends may have been the one that this call waits on.
            using var asking = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token, watch.NextLoss);
            try
            {
                if (await grains.GetGrain<ISiloNewsGrain>(0).Next(Wait).WaitAsync(asking.Token)) watch.Tell();
                pause = Pause;
            }
            catch (OperationCanceledException)
            {
                pause = Pause;
            }
            catch (Exception)
            {
                // The cluster is away, or older than this client and has nobody who tells: then timeouts have to do.
                pause = 2 * pause < LongestPause ? 2 * pause : LongestPause;
            }
        }
    }
}
