using Microsoft.Extensions.DependencyInjection;

namespace FwdLLM.Grains;

/// <summary>
/// Counts the changes of the cluster's membership. While silos come and go the grain directory may let two activations of a grain live, and
/// both answer whoever still knows them; one that stores nothing never meets the other in the store. So activations that only wait leave once
/// after a change: the next call finds, or makes, the one that the settled directory knows. Thread-safe.
/// </summary>
public sealed class Upheaval([FromKeyedServices(GrainsServices.Clock)] TimeProvider clock, ISiloStatusOracle silos)
    : ILifecycleParticipant<ISiloLifecycle>, ISiloStatusListener
{
    /// <summary>Time after a change until it counts: the directory has handed its parts over by then.</summary>
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(3);

    private readonly Lock _lock = new();
    private readonly Queue<long> _recent = [];
    private long _settled;

    /// <summary>Changes so far, each counted when it happens and once more when it is older than the time of settling.</summary>
    public long Noticed
    {
        get
        {
            lock (_lock) return (2 * Settled) + _recent.Count; // Settled takes out of the queue what has settled by now.
        }
    }

    /// <summary>Changes so far that are older than the time of settling.</summary>
    public long Settled
    {
        get
        {
            lock (_lock)
            {
                while (_recent.TryPeek(out var at) && clock.GetElapsedTime(at) >= Settling)
                {
                    _recent.Dequeue();
                    _settled++;
                }

                return _settled;
            }
        }
    }

    /// <inheritdoc/>
    public void Participate(ISiloLifecycle observer) => observer.Subscribe(nameof(Upheaval), ServiceLifecycleStage.Active, _ =>
    {
        silos.SubscribeToSiloStatusEvents(this);
        return Task.CompletedTask;
    });

    /// <inheritdoc/>
    public void SiloStatusChangeNotification(SiloAddress updatedSilo, SiloStatus status)
    {
        if (status is not (SiloStatus.Active or SiloStatus.Dead)) return;
        lock (_lock) _recent.Enqueue(clock.GetTimestamp());
    }
}
