using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace FwdLLM.Grains;

/// <summary>Adds what the grains need to a silo.</summary>
public static class GrainsHostingExtensions
{
    /// <summary>
    /// Services of the grains, and the watch that brings unfinished jobs back. The host adds the rest: a grain
    /// storage named <see cref="GrainsServices.Storage"/>, a reminder service, and an evaluator grain.
    /// </summary>
    public static ISiloBuilder AddFwdLLMGrains(this ISiloBuilder silo, ClusterTimings? timings = null, FlowLimits? limits = null)
    {
        silo.Services.AddSingleton(timings ?? new ClusterTimings());
        silo.Services.AddSingleton(limits ?? new FlowLimits());
        silo.Services.TryAddSingleton<IProcessorMeter, ProcessorMeter>();
        silo.Services.AddSingleton<Admission>();
        silo.Services.AddSingleton<KnownJobs>();
        silo.Services.AddSingleton<Upheaval>();
        silo.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(services => services.GetRequiredService<Upheaval>());
        silo.Services.TryAddSingleton<ITrainingFactory, JobTrainingFactory>();
        silo.Services.TryAddSingleton<IEvaluations, GrainEvaluations>();
        silo.Services.TryAddSingleton<IFaultPoints, NoFaultPoints>();
        silo.Services.TryAddKeyedSingleton(GrainsServices.Clock, TimeProvider.System);
        silo.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>, JobWatch>();
        return silo;
    }
}
