using System.Net;
using System.Net.Sockets;

namespace FwdLLM.Silo;

/// <summary>Finds ports for a silo that nobody has to know beforehand.</summary>
public static class FreePort
{
    /// <summary>Loopback TCP ports that were free a moment ago, all different.</summary>
    public static int[] Take(int count)
    {
        var listeners = Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0)).ToArray();
        try
        {
            foreach (var listener in listeners)
                listener.Start();
            return [.. listeners.Select(listener => ((IPEndPoint)listener.LocalEndpoint).Port)];
        }
        finally
        {
            foreach (var listener in listeners)
                listener.Dispose();
        }
    }
}
