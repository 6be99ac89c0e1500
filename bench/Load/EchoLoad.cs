using System.Diagnostics;
using FwdLLM.DeviceAgent;

namespace FwdLLM.Bench.Load;

/// <summary>Plain Orleans calls with a contribution's payload, one grain per device, nothing stored.</summary>
internal static class EchoLoad
{
    /// <summary>Calls per second in each repetition and the latencies of all but the first, which warms up.</summary>
    public static async Task<(List<double> Rates, LatencyList Latencies)> RunAsync(DeviceClient client, LoadSettings settings, CancellationToken cancellation)
    {
        var (rates, latencies) = (new List<double>(), new LatencyList());
        var grains = Enumerable.Range(0, settings.Devices).Select(device => client.Orleans.GetGrain<IEchoGrain>(DeviceProfile.IdOf(device))).ToArray();
        for (var repetition = 0; repetition <= settings.Rounds; repetition++)
        {
            var next = -1;
            var kept = repetition == 0 ? new LatencyList() : latencies;
            var contribution = LoadJob.Example((uint)repetition);
            var started = Stopwatch.GetTimestamp();
            await Task.WhenAll(Enumerable.Range(0, settings.InFlight).Select(_ => LaneAsync()));
            if (repetition > 0)
                rates.Add(grains.Length / Stopwatch.GetElapsedTime(started).TotalSeconds);

            async Task LaneAsync()
            {
                for (var grain = Interlocked.Increment(ref next); grain < grains.Length; grain = Interlocked.Increment(ref next))
                {
                    cancellation.ThrowIfCancellationRequested();
                    var sent = Stopwatch.GetTimestamp();
                    await grains[grain].Contribute(contribution);
                    kept.Add(Stopwatch.GetElapsedTime(sent));
                }
            }
        }

        return (rates, latencies);
    }
}
