using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Orleans.Runtime.Messaging;

namespace FwdLLM.DeviceAgent;

/// <summary>
/// Counts what an Orleans client sends and receives on its TCP connections: frames, headers and bodies, everything above TCP itself.
/// Sits nearest to the socket when it is the first middleware. Thread-safe.
/// </summary>
public sealed class WireMeter : IConnectionMiddleware
{
    private long _sent;
    private long _received;
    private int _connections;

    /// <summary>Bytes written to sockets so far.</summary>
    public long BytesSent => Interlocked.Read(ref _sent);

    /// <summary>Bytes read from sockets and consumed so far.</summary>
    public long BytesReceived => Interlocked.Read(ref _received);

    /// <summary>Connections opened so far.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <inheritdoc/>
    public async Task OnConnectionAsync(ConnectionContext context, ConnectionDelegate next)
    {
        Interlocked.Increment(ref _connections);
        var plain = context.Transport;
        context.Transport = new MeteredPipe(
            new MeteredReader(plain.Input, count => Interlocked.Add(ref _received, count)),
            new MeteredWriter(plain.Output, count => Interlocked.Add(ref _sent, count)));
        try
        {
            await next(context);
        }
        finally
        {
            context.Transport = plain;
        }
    }

    private sealed record MeteredPipe(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
