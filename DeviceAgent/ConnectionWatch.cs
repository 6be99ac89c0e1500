using Microsoft.AspNetCore.Connections;
using Orleans.Runtime.Messaging;

namespace FwdLLM.DeviceAgent;

/// <summary>
/// Tells when a connection to a gateway ends. Orleans fails the calls on it only when it was the last one; the others would wait
/// their whole response timeout for an answer that cannot come. Thread-safe.
/// </summary>
internal sealed class ConnectionWatch : IConnectionMiddleware
{
    private CancellationTokenSource _next = new();

    /// <summary>Cancelled when the next connection ends. To be taken before a call is sent.</summary>
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
            _ = Interlocked.Exchange(ref _next, new CancellationTokenSource()).CancelAsync();
        }
    }
}
