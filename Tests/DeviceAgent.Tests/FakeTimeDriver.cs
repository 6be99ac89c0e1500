using Microsoft.Extensions.Time.Testing;

namespace FwdLLM.DeviceAgent.Tests;

/// <summary>Lets fake time pass until a task is done: the one place where tests move the clock.</summary>
internal static class FakeTimeDriver
{
    public static async Task<T> DriveAsync<T>(this FakeTimeProvider time, Task<T> task, TimeSpan? step = null)
    {
        while (!task.IsCompleted)
        {
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            time.Advance(step ?? TimeSpan.FromMilliseconds(50));
            await Task.Yield();
        }

        return await task;
    }
}
