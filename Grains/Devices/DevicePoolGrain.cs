using FwdLLM.Grains.Interfaces;
using Orleans.Concurrency;

namespace FwdLLM.Grains;

/// <summary>
/// One shard of a job's devices. Reentrant, so that registrations arriving while a write is on its way share the next one:
/// a fleet that enrols at once costs a few writes per shard, not one per device.
/// </summary>
[GrainType("pool"), Reentrant]
public sealed class DevicePoolGrain([PersistentState("pool", GrainsServices.Storage)] IPersistentState<DevicePoolState> store)
    : Grain, IDevicePoolGrain
{
    private Task _writing = Task.CompletedTask;
    private Task? _next;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        StateFormatException.ThrowIfUnknown(this.GetGrainId(), store.State.Format, DevicePoolState.Known);
        return Task.CompletedTask;
    }

    public Task Register(PoolEntry entry)
    {
        if (store.State.Devices.TryGetValue(entry.DeviceId, out var known) && known == entry && _next is null) return _writing;
        store.State.Devices[entry.DeviceId] = entry;
        return _next ??= WriteAfter(_writing);
    }

    public Task<IReadOnlyList<PoolEntry>> List() => Task.FromResult<IReadOnlyList<PoolEntry>>([.. store.State.Devices.Values]);

    private async Task WriteAfter(Task previous)
    {
        await Task.Yield(); // The caller stores this task in _next first.
        await previous.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        (_writing, _next) = (_next!, null);
        await store.SaveOrLeave(this);
    }
}
