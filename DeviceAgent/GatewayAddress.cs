using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace FwdLLM.DeviceAgent;

/// <summary>Turns <c>host:port</c> into an endpoint.</summary>
public static class GatewayAddress
{
    /// <summary>Splits and checks <paramref name="text"/> without asking the network.</summary>
    /// <exception cref="ArgumentException">No host, or no port from 1 to 65535.</exception>
    public static (string Host, int Port) Parse(string text)
    {
        var colon = text.LastIndexOf(':');
        if (colon > 0
            && int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            && port is > 0 and <= ushort.MaxValue
            && text[..colon].Trim('[', ']') is { Length: > 0 } host
            && (host.Contains(':') == text.StartsWith('[')))
            return (host, port);
        throw new ArgumentException($"gateway '{text}' is not host:port with a port from 1 to 65535; an example is 127.0.0.1:30000.");
    }

    /// <summary>Resolves the host; IPv4 first, because silos listen on it unless told otherwise.</summary>
    /// <exception cref="ArgumentException">Not host:port, or the host has no address.</exception>
    public static async Task<IPEndPoint> ResolveAsync(string text, CancellationToken cancellation)
    {
        var (host, port) = Parse(text);
        if (IPAddress.TryParse(host, out var literal))
            return new IPEndPoint(literal, port);
        try
        {
            var addresses = await Dns.GetHostAddressesAsync(host, cancellation);
            return new IPEndPoint(addresses.OrderBy(address => address.AddressFamily == AddressFamily.InterNetwork ? 0 : 1).First(), port);
        }
        catch (SocketException e)
        {
            throw new ArgumentException($"gateway '{text}': the host name has no address ({e.SocketErrorCode}); check the name or give an IP address.", e);
        }
    }
}
