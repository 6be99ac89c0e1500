using System.Net;
using System.Text.Json;
using Orleans.Messaging;

namespace FwdLLM.DeviceAgent;

/// <summary>
/// Asks the silos themselves for the cluster's gateways (<c>GET /gateways</c>), so that a device needs no access to the membership table.
/// What was known last is kept while none answers. An answer is hostile input: bounded, checked, and taken whole or not at all.
/// </summary>
/// <param name="urls">HTTP addresses of silos, each ending with a slash; any of them will do.</param>
/// <param name="seeds">Gateways known from the start; may be empty.</param>
/// <param name="clusterId">Answers of other clusters do not count.</param>
/// <param name="options">Waiting times.</param>
/// <param name="random">Uniform in [0, 1): which silo is asked first.</param>
/// <param name="handler">What carries requests; sockets when null.</param>
public sealed class HttpGatewayList(IReadOnlyList<Uri> urls, IEnumerable<IPEndPoint> seeds, string clusterId, ResilienceOptions options, Func<double> random, HttpMessageHandler? handler = null) : IGatewayListProvider, IDisposable
{
    /// <summary>Longest answer: a thousand addresses and more.</summary>
    public const int MostBytes = 64 << 10;

    private readonly HttpClient _http = new(handler ?? new SocketsHttpHandler { AllowAutoRedirect = false }) { Timeout = options.GatewaysUrlTimeout, MaxResponseContentBufferSize = MostBytes };
    private IPEndPoint[] _known = [.. seeds];
    private int _first = (int)(random() * urls.Count);

    /// <inheritdoc/>
    public TimeSpan MaxStaleness => options.GatewayListRefreshPeriod;

    /// <inheritdoc/>
    public bool IsUpdatable => true;

    /// <summary>Why the last silo that was asked gave no list; null when it did.</summary>
    public string? LastFailure { get; private set; }

    /// <inheritdoc/>
    public Task InitializeGatewayListProvider() => Task.CompletedTask;

    /// <inheritdoc/>
    public Task<IList<Uri>> GetGateways() => GetGatewaysAsync(CancellationToken.None);

    /// <inheritdoc/>
    public async Task<IList<Uri>> GetGatewaysAsync(CancellationToken cancellationToken)
    {
        // The silo that answered last is asked first: one that hangs costs its timeout only once.
        for (var tried = 0; tried < urls.Count; tried++)
        {
            var url = urls[(_first + tried) % urls.Count];
            try
            {
                _known = Read(await _http.GetByteArrayAsync(new Uri(url, "gateways"), cancellationToken), clusterId);
                (_first, LastFailure) = ((_first + tried) % urls.Count, null);
                break;
            }
            catch (Exception e) when (e is HttpRequestException or InvalidDataException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
            {
                LastFailure = $"{url}: {(e is OperationCanceledException ? $"no answer within {options.GatewaysUrlTimeout.TotalSeconds} s" : e.Message)}";
            }
        }

        return [.. _known.Select(gateway => gateway.ToGatewayUri())];
    }

    /// <summary>Closes the connections.</summary>
    public void Dispose() => _http.Dispose();

    /// <summary>The addresses of an answer.</summary>
    /// <exception cref="InvalidDataException">Not a list of gateways, of another cluster, or empty.</exception>
    internal static IPEndPoint[] Read(ReadOnlyMemory<byte> answer, string clusterId)
    {
        try
        {
            using var json = JsonDocument.Parse(answer);
            if (json.RootElement.GetProperty("cluster").GetString() is var cluster && cluster != clusterId)
                throw new InvalidDataException($"the answer is of cluster '{cluster}', not '{clusterId}'; check the address and the cluster's id.");
            var gateways = json.RootElement.GetProperty("gateways").EnumerateArray().Select(gateway => Address(gateway.GetString())).ToArray();
            return gateways.Length > 0 ? gateways : throw new InvalidDataException("the answer names no gateway; the silo is not a member yet.");
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new InvalidDataException("the answer is not a list of gateways; check that the address is a silo's HTTP address.", e);
        }
    }

    private static IPEndPoint Address(string? text) =>
        text is not null && IPEndPoint.TryParse(text, out var address) && address.Port > 0 && !address.Address.Equals(IPAddress.Any) && !address.Address.Equals(IPAddress.IPv6Any)
            ? address
            : throw new InvalidDataException($"the answer holds '{text}', which is not an address and a port.");
}
