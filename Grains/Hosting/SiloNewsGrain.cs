using FwdLLM.Grains.Interfaces;
using Orleans.Concurrency;

namespace FwdLLM.Grains;

/// <inheritdoc cref="ISiloNewsGrain"/>
[GrainType("silonews"), StatelessWorker(1)]
public sealed class SiloNewsGrain(Upheaval upheaval) : Grain, ISiloNewsGrain
{
    /// <summary>Clients that may wait in a silo: a call that waits is a kilobyte or so.</summary>
    private const int Most = 20_000;

    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);

    private int _waiting;

    /// <inheritdoc/>
    public async Task<bool> Next(TimeSpan wait)
    {
        if (wait <= TimeSpan.Zero || _waiting >= Most) return false;
        _waiting++;
        try
        {
            return await upheaval.WaitAsync(wait < Longest ? wait : Longest) && !upheaval.IsStopping; // A clean stop loses no calls.
        }
        finally
        {
            _waiting--;
        }
    }
}
