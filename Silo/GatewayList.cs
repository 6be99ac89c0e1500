using System.Net;
using Microsoft.Extensions.Options;
using Orleans.Configuration;

namespace FwdLLM.Silo;

/// <summary>
/// Gateways of the cluster's living silos, for devices that know one silo's HTTP address and have no access to the membership table.
/// Read from the table at most once a second, however many devices ask.
/// </summary>
internal sealed class GatewayList(IMembershipTable table, ISiloStatusOracle silos, IOptions<ClusterOptions> cluster, TimeProvider time)
{
    private static readonly TimeSpan Age = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ReadLimit = TimeSpan.FromSeconds(2);

    private readonly SemaphoreSlim _reading = new(1);
    private (long Read, IReadOnlyList<string> Gateways)? _last;

    /// <summary><c>{"cluster": id, "gateways": ["ip:port", …]}</c>, or 503 while the table cannot be read: whoever asks keeps what it knew.</summary>
    public async Task<IResult> AnswerAsync(CancellationToken cancellation)
    {
        await _reading.WaitAsync(cancellation);
        try
        {
            if (_last is not { } last || time.GetElapsedTime(last.Read) > Age)
                _last = (time.GetTimestamp(), await ReadAsync(cancellation));
            return Results.Json(new { cluster = cluster.Value.ClusterId, gateways = _last.Value.Gateways });
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellation.IsCancellationRequested)
        {
            // What went wrong may name the server, which is not the business of whoever asks.
            return Results.Text("the membership table does not answer", statusCode: StatusCodes.Status503ServiceUnavailable);
        }
        finally
        {
            _reading.Release();
        }
    }

    private async Task<IReadOnlyList<string>> ReadAsync(CancellationToken cancellation)
    {
        var members = (await table.ReadAllAsync(cancellation).WaitAsync(ReadLimit, time, cancellation)).Members;
        return
        [
            .. members.Select(member => member.Item1)
                .Where(member => member.Status == SiloStatus.Active && member.ProxyPort > 0 && !silos.IsDeadSilo(member.SiloAddress))
                .Select(member => new IPEndPoint(member.SiloAddress.Endpoint.Address, member.ProxyPort).ToString())
                .Distinct()
                .Order(StringComparer.Ordinal),
        ];
    }
}
