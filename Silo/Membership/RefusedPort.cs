using System.Net;
using System.Net.Sockets;

namespace FwdLLM.Silo.Membership;

/// <summary>Asks a machine whether a process listens on a port of it.</summary>
internal static class RefusedPort
{
    /// <summary>Refusals one after the other that count.</summary>
    private const int Enough = 3;

    /// <summary>Attempts. One more than <see cref="Enough"/>: the kernel closes what a killed process had open one by one, and the port may be the last.</summary>
    private const int Most = Enough + 1;

    /// <summary>
    /// True when connections are refused (ECONNREFUSED) for <paramref name="length"/>: the machine is there and no process listens. False when one is
    /// accepted or waits to be (a hung process), and when nobody answers (a machine that is gone, or behind a filter).
    /// </summary>
    /// <exception cref="OperationCanceledException">The caller gave up.</exception>
    public static async Task<bool> StaysAsync(IPEndPoint port, TimeSpan length, TimeProvider time, CancellationToken cancellation)
    {
        var refusals = 0;
        for (var attempt = 0; attempt < Most; attempt++)
        {
            if (attempt > 0) await Task.Delay(length / (Enough - 1), time, cancellation);
            refusals = await IsRefusedAsync(port, length, time, cancellation) ? refusals + 1 : 0;
            if (refusals == Enough) return true;
        }

        return false;
    }

    private static async Task<bool> IsRefusedAsync(IPEndPoint port, TimeSpan patience, TimeProvider time, CancellationToken cancellation)
    {
        using var socket = new Socket(port.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        using var limit = new CancellationTokenSource(patience, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        try
        {
            await socket.ConnectAsync(port, both.Token);
            return false;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode == SocketError.ConnectionRefused;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return false;
        }
    }
}
