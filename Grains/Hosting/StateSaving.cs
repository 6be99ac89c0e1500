using FwdLLM.Grains.Interfaces;
using Orleans.Storage;

namespace FwdLLM.Grains;

/// <summary>Writes grain state.</summary>
internal static class StateSaving
{
    /// <summary>
    /// Writes; when that fails, the activation leaves, because its memory is now ahead of the store and the next one must
    /// start from what is durable.
    /// </summary>
    /// <exception cref="StorageUnavailableException">Not stored, or stored and the answer was lost: the next activation will see which.</exception>
    public static async Task SaveOrLeave<TState>(this IPersistentState<TState> store, IGrainBase grain)
    {
        try
        {
            await store.WriteStateAsync();
        }
        catch (Exception e)
        {
            grain.DeactivateOnIdle();
            if (e is InconsistentStateException or StorageUnavailableException) throw;
            throw new StorageUnavailableException($"The state of '{grain.GrainContext.GrainId}' could not be stored ({e.Message}); send the call again.");
        }
    }
}
