using Microsoft.AspNetCore.Connections;
using Orleans.Runtime.Messaging;

namespace FwdLLM.DeviceAgent;

/// <summary>
/// Tells when a connection to a gateway ends. Orleans fails the calls on it only when it was the last one; the others would wait
/// their whole response timeout for an answer that cannot come. Calls that are made again at once may go through another gateway to a
/// grain that the cluster still takes to be in the dead silo, and are not answered either; so each end is told again, at
/// <see cref="ResilienceOptions.LossEchoes"/>. Thread-safe.
/// </summary>
/// <param name="echoes">Times after an end at which it is told again.</param>
/// <param name="time">Clock.</param>
internal sealed class ConnectionWatch(IReadOnlyList<TimeSpan> echoes, TimeProvider time) : IConnectionMiddleware
{
    private CancellationTokenSource _next = new();

    /// <summary>Cancelled when the next connection ends, or an end is told again. To be taken before a call is sent.</summary>
    public CancellationToken NextLoss => Volatile.Read(ref _next).Token;

    /// <inheritdoc/>
    public async Task OnConnectionAsync(ConnectionContext context, ConnectionDelegate next)
    {
        try
        {
            await next(context);
        }
        finally
        {
            Tell();
            foreach (var echo in echoes)
                _ = Task.Delay(echo, time).ContinueWith(_ => Tell(), TaskScheduler.Default);
        }
    }

    /// <summary>Calls on their way may have been lost.</summary>
    public void Tell() => _ = Interlocked.Exchange(ref _next, new CancellationTokenSource()).CancelAsync();
}
