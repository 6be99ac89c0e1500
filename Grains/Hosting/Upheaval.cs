using Microsoft.Extensions.DependencyInjection;

namespace FwdLLM.Grains;

/// <summary>
/// Tells of the changes of the cluster's membership, each when it happens and again while it settles: the grain directory then hands its parts
/// over, calls get lost, and it may let two activations of a grain live, which both answer whoever still knows them. An activation whose entry was lost
/// has to leave, and does not before the calls in it have ended. So whoever waits looks once more each time, and whatever lets a caller wait lets it
/// go. Thread-safe.
/// </summary>
public sealed class Upheaval([FromKeyedServices(GrainsServices.Clock)] TimeProvider clock, ISiloStatusOracle silos)
    : ILifecycleParticipant<ISiloLifecycle>, ISiloStatusListener, IDisposable
{
    /// <summary>Time after a change until it has settled: the directory has handed its parts over by then.</summary>
    public static readonly TimeSpan Settling = TimeSpan.FromSeconds(3);

    /// <summary>Times after a change at which it is told again.</summary>
    private static readonly TimeSpan[] Echoes = [TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(1.5), Settling];

    private readonly Task _never = new TaskCompletionSource().Task;
    private readonly CancellationTokenSource _stopping = new();
    private CancellationTokenSource _next = new();
    private long _noticed;
    private long _settled;

    /// <summary>Cancelled when a change happens or is told again.</summary>
    public CancellationToken Next => Volatile.Read(ref _next).Token;

    /// <summary>Changes so far, each counted whenever it is told.</summary>
    public long Noticed => Interlocked.Read(ref _noticed);

    /// <summary>Changes so far that have settled.</summary>
    public long Settled => Interlocked.Read(ref _settled);

    /// <summary>This silo is stopping; it waits for the calls in it.</summary>
    public bool IsStopping => _stopping.IsCancellationRequested;

    /// <summary>Waits for <paramref name="news"/>, for <paramref name="most"/>, or until a change is told or this silo stops; true when it was one of these two.</summary>
    public async Task<bool> WaitAsync(Task news, TimeSpan most)
    {
        var told = Next;
        using var over = new CancellationTokenSource(most, clock);
        using var any = CancellationTokenSource.CreateLinkedTokenSource(over.Token, told, _stopping.Token);
        await news.WaitAsync(any.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return told.IsCancellationRequested || IsStopping;
    }

    /// <summary>The same where there is nothing else to wait for.</summary>
    public Task<bool> WaitAsync(TimeSpan most) => WaitAsync(_never, most);

    /// <inheritdoc/>
    public void Participate(ISiloLifecycle observer) => observer.Subscribe(
        nameof(Upheaval),
        ServiceLifecycleStage.Active,
        _ =>
        {
            silos.SubscribeToSiloStatusEvents(this);
            return Task.CompletedTask;
        },
        _ => _stopping.CancelAsync());

    /// <inheritdoc/>
    public void Dispose() => _stopping.Dispose();

    /// <inheritdoc/>
    public void SiloStatusChangeNotification(SiloAddress updatedSilo, SiloStatus status)
    {
        if (status is not (SiloStatus.Active or SiloStatus.Dead)) return;
        Tell();
        foreach (var echo in Echoes)
            _ = Task.Delay(echo, clock).ContinueWith(
                _ =>
                {
                    if (echo == Settling) Interlocked.Increment(ref _settled);
                    Tell();
                },
                CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    private void Tell()
    {
        Interlocked.Increment(ref _noticed);
        _ = Interlocked.Exchange(ref _next, new CancellationTokenSource()).CancelAsync();
    }
}
