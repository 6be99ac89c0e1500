namespace FwdLLM.Tests.Cluster;

/// <summary>Silos and their supervisors: one that ends for whatever reason is started again at once.</summary>
internal sealed class SupervisedSilos
{
    private readonly ProgramProcess[] _silos;

    private SupervisedSilos(int count) => _silos = new ProgramProcess[count];

    /// <summary>Starts them one after the other; their supervisors go on until <paramref name="cancellation"/> or the end of the cluster.</summary>
    public static async Task<SupervisedSilos> StartAsync(ProcessCluster cluster, int count, string[] options, CancellationToken cancellation)
    {
        var silos = new SupervisedSilos(count);
        for (var silo = 0; silo < count; silo++) silos._silos[silo] = await cluster.StartArmedSiloAsync(silo, options);
        for (var silo = 0; silo < count; silo++) _ = silos.SuperviseAsync(cluster, silo, options, cancellation);
        return silos;
    }

    public ProgramProcess Any(Random random) => _silos[random.Next(_silos.Length)];

    /// <summary>Lets the hung one of this process id go on.</summary>
    public void Resume(int processId) => Array.Find(_silos, silo => silo.Id == processId)?.Resume();

    /// <summary>Waits until all run and are members.</summary>
    public async Task AllReadyAsync(CancellationToken cancellation)
    {
        // One that has ended stays in its place until the next is ready.
        while (Array.Exists(_silos, silo => silo.HasEnded)) await Task.Delay(50, cancellation);
    }

    private async Task SuperviseAsync(ProcessCluster cluster, int silo, string[] options, CancellationToken cancellation)
    {
        while (true)
        {
            await _silos[silo].EndAsync(cancellation);
            if (cluster.HasEnded) return;
            _silos[silo] = await cluster.StartArmedSiloAsync(silo, options);
        }
    }
}
