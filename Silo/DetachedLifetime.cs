namespace FwdLLM.Silo;

/// <summary>Leaves Ctrl-C and SIGTERM to the program around the silo; the Silo program itself puts the console's lifetime back.</summary>
internal sealed class DetachedLifetime : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
