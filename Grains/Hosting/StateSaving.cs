using FwdLLM.Grains.Interfaces;

namespace FwdLLM.Grains;

/// <summary>Writes grain state.</summary>
internal static class StateSaving
{
    /// <summary>
    /// Writes; when that fails, the activation leaves, because its memory is now ahead of the store and the next one must
    /// start from what is durable.
    /// </summary>
    /// <exception cref="StateNotSavedException">Not stored, or stored and the answer was lost: the next activation will see which.</exception>
    public static async Task SaveOrLeave<TState>(this IPersistentState<TState> store, IGrainBase grain)
    {
        try
        {
            await store.WriteStateAsync();
        }
        catch (Exception e)
        {
            grain.DeactivateOnIdle();
            // The storage's own exceptions differ by provider, and a device has none of their types.
            throw new StateNotSavedException(grain.GrainContext.GrainId.ToString(), e.Message);
        }
    }
}
