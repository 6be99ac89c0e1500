using Microsoft.Extensions.DependencyInjection;

namespace FwdLLM.Grains;

/// <summary>
/// Tells of the changes of the cluster's membership, each when it happens and again while it settles: the grain directory then hands its parts
/// over, calls get lost, and it may let two activations of a grain live, which both answer whoever still knows them. Whoever waits looks once more
/// each time. Thread-safe.
/// </summary>
public sealed class Upheaval([FromKeyedServices(GrainsServices.Clock)] TimeProvider clock, ISiloStatusOracle silos)
    : ILifecycleParticipant<ISiloLifecycle>, ISiloStatusListener
{
    /// <summary>Times after a change at which it is told again; after the last it has settled.</summary>
    private static readonly TimeSpan[] Echoes = [TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(1.5), TimeSpan.FromSeconds(3)];

    private readonly Lock _lock = new();
    private TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _settled;

    /// <summary>Completes when a change happens or is told again. To be taken before looking.</summary>
    public Task Next
    {
        get
        {
            lock (_lock) return _next.Task;
        }
    }

    /// <summary>Changes so far that have settled.</summary>
    public long Settled => Interlocked.Read(ref _settled);

    /// <inheritdoc/>
    public void Participate(ISiloLifecycle observer) => observer.Subscribe(nameof(Upheaval), ServiceLifecycleStage.Active, _ =>
    {
        silos.SubscribeToSiloStatusEvents(this);
        return Task.CompletedTask;
    });

    /// <inheritdoc/>
    public void SiloStatusChangeNotification(SiloAddress updatedSilo, SiloStatus status)
    {
        if (status is SiloStatus.Active or SiloStatus.Dead) _ = TellAsync();
    }

    private async Task TellAsync()
    {
        Tell();
        var passed = TimeSpan.Zero;
        foreach (var echo in Echoes)
        {
            await Task.Delay(echo - passed, clock).ConfigureAwait(false);
            passed = echo;
            if (echo == Echoes[^1]) Interlocked.Increment(ref _settled);
            Tell();
        }
    }

    private void Tell()
    {
        TaskCompletionSource told;
        lock (_lock) (told, _next) = (_next, new(TaskCreationOptions.RunContinuationsAsynchronously));
        told.SetResult();
    }
}
