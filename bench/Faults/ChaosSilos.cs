using FwdLLM.Tests.Cluster;

namespace FwdLLM.Bench.Faults;

/// <summary>Three silos and their supervisors: one that ends for whatever reason is started again at once.</summary>
internal sealed class ChaosSilos
{
    private const int Count = 3;

    private readonly ProgramProcess[] _silos = new ProgramProcess[Count];

    /// <summary>Starts all three; their supervisors go on until <paramref name="cancellation"/> or the end of the cluster.</summary>
    public static async Task<ChaosSilos> StartAsync(ProcessCluster cluster, CancellationToken cancellation)
    {
        var silos = new ChaosSilos();
        for (var silo = 0; silo < Count; silo++) silos._silos[silo] = await cluster.StartArmedSiloAsync(silo, []);
        for (var silo = 0; silo < Count; silo++) _ = silos.SuperviseAsync(cluster, silo, cancellation);
        return silos;
    }

    public ProgramProcess Any(Random random) => _silos[random.Next(Count)];

    private async Task SuperviseAsync(ProcessCluster cluster, int silo, CancellationToken cancellation)
    {
        while (true)
        {
            await _silos[silo].EndAsync(cancellation);
            if (cluster.HasEnded) return;
            _silos[silo] = await cluster.StartArmedSiloAsync(silo, []);
        }
    }
}
