using Microsoft.Extensions.Hosting;

namespace FwdLLM.DeviceAgent;

/// <summary>Leaves Ctrl-C and SIGTERM to the program: the client's host must not stop before the devices that use it.</summary>
internal sealed class DetachedLifetime : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
