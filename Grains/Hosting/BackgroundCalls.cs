namespace FwdLLM.Grains;

/// <summary>Calls a grain makes without waiting for them in its turn.</summary>
internal static class BackgroundCalls
{
    /// <summary>Runs on; a failure goes to <paramref name="failed"/>, in the caller's context.</summary>
    public static async Task Observe(this Task call, Action<Exception> failed)
    {
        await call.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        if (call.IsFaulted) failed(call.Exception.GetBaseException());
    }

    /// <summary>Calls for every item, at most <paramref name="parallelism"/> at a time, in the grain's own context.</summary>
    public static async Task ForEach<T>(IReadOnlyList<T> items, int parallelism, Func<T, Task> call)
    {
        var next = 0;
        var lanes = new Task[Math.Min(parallelism, items.Count)];
        for (var lane = 0; lane < lanes.Length; lane++) lanes[lane] = Run();
        await Task.WhenAll(lanes);

        async Task Run()
        {
            // Single-threaded: all lanes run on the grain's scheduler.
            while (next < items.Count) await call(items[next++]);
        }
    }
}
