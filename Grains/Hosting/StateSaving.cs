namespace FwdLLM.Grains;

/// <summary>Writes grain state.</summary>
internal static class StateSaving
{
    /// <summary>
    /// Writes; when that fails, the activation leaves, because its memory is now ahead of the store and the next one must
    /// start from what is durable.
    /// </summary>
    public static async Task SaveOrLeave<TState>(this IPersistentState<TState> store, IGrainBase grain)
    {
        var saved = false;
        try
        {
            await store.WriteStateAsync();
            saved = true;
        }
        finally
        {
            if (!saved) grain.DeactivateOnIdle();
        }
    }
}
