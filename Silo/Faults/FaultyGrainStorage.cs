using FwdLLM.Grains.Interfaces;
using Orleans.Storage;

namespace FwdLLM.Silo.Faults;

/// <summary>Test equipment: the configured storage, failing as <see cref="StorageFaults"/> says.</summary>
internal sealed class FaultyGrainStorage(IGrainStorage inner, StorageFaults faults) : IGrainStorage, ILifecycleParticipant<ISiloLifecycle>
{
    public void Participate(ISiloLifecycle observer) => (inner as ILifecycleParticipant<ISiloLifecycle>)?.Participate(observer);

    public async Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        await faults.Pass();
        await inner.ReadStateAsync(stateName, grainId, grainState);
    }

    public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        await faults.Pass();
        var next = faults.TakeNext();
        if (next == FaultAction.StorageError) throw new StorageUnavailableException("Fault injected: the write failed.");
        if (next == FaultAction.Duplicate) await WriteAsAnother<T>(stateName, grainId);
        await inner.WriteStateAsync(stateName, grainId, grainState);
        if (next == FaultAction.StorageLost) throw new StorageUnavailableException("Fault injected: the answer to the write was lost.");
    }

    public async Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        await faults.Pass();
        await inner.ClearStateAsync(stateName, grainId, grainState);
    }

    /// <summary>What a second activation does that knows what is stored, and stores it: the record keeps its content and gets another ETag.</summary>
    private async Task WriteAsAnother<T>(string stateName, GrainId grainId)
    {
        var other = new GrainState<T>(Activator.CreateInstance<T>());
        await inner.ReadStateAsync(stateName, grainId, other);
        await inner.WriteStateAsync(stateName, grainId, other);
    }
}
