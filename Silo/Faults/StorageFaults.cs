using FwdLLM.Grains.Interfaces;

namespace FwdLLM.Silo.Faults;

/// <summary>Which storage faults are due. Shared by the injector, which arms them, and the storage, which takes them.</summary>
internal sealed class StorageFaults(TimeProvider clock)
{
    /// <summary>How long a slow storage stays slow.</summary>
    private static readonly TimeSpan SlowFor = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly Queue<FaultAction> _next = [];
    private (DateTimeOffset Until, TimeSpan Delay) _slow;
    private DateTimeOffset _down;

    public void Arm(FaultAction action, TimeSpan length)
    {
        lock (_lock)
        {
            if (action == FaultAction.StorageDown) _down = clock.GetUtcNow() + length;
            else if (action == FaultAction.StorageLatency) _slow = (clock.GetUtcNow() + SlowFor, length);
            else _next.Enqueue(action);
        }
    }

    /// <summary>Waits, or fails, as a slow or lost storage does.</summary>
    /// <exception cref="StorageUnavailableException">The storage is down.</exception>
    public async Task Pass()
    {
        TimeSpan delay;
        lock (_lock)
        {
            if (clock.GetUtcNow() < _down) throw new StorageUnavailableException("Fault injected: the storage is down.");
            delay = clock.GetUtcNow() < _slow.Until ? _slow.Delay : TimeSpan.Zero;
        }

        if (delay > TimeSpan.Zero) await Task.Delay(delay, clock);
    }

    /// <summary>What the next write meets; null for nothing.</summary>
    public FaultAction? TakeNext()
    {
        lock (_lock)
            return _next.TryDequeue(out var action) ? action : null;
    }
}
