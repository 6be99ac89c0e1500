using Orleans.Storage;

namespace FwdLLM.Tests.Grains;

/// <summary>A real storage that fails at the writes a test names, before anything is written.</summary>
internal sealed class FailingStorage(IGrainStorage inner, Func<string, GrainId, bool> fails) : IGrainStorage
{
    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) => inner.ReadStateAsync(stateName, grainId, grainState);

    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        fails(stateName, grainId) ? throw new IOException($"The disk refused the write of {stateName} of {grainId}.") : inner.WriteStateAsync(stateName, grainId, grainState);

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        fails($"clear {stateName}", grainId) ? throw new IOException($"The disk refused to clear {stateName} of {grainId}.") : inner.ClearStateAsync(stateName, grainId, grainState);
}
