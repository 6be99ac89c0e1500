using Orleans.Concurrency;

namespace FwdLLM.Grains.Interfaces;

/// <summary>One shard of a job's devices. Key: "job/shard".</summary>
[GrainInterfaceType("fl.pool"), Alias("fl.pool")]
public interface IDevicePoolGrain : IGrainWithStringKey
{
    /// <summary>From a device grain: enrolled, or its speed changed.</summary>
    [Alias("Register")]
    Task Register(PoolEntry entry);

    /// <summary>All devices of this shard.</summary>
    [Alias("List"), ReadOnly]
    Task<IReadOnlyList<PoolEntry>> List();
}

/// <summary>A device as the scheduler sees it.</summary>
[GenerateSerializer, Immutable, Alias("fl.poolentry.v1")]
public sealed record PoolEntry
{
    /// <summary>Device id.</summary>
    [Id(0)] public required string DeviceId { get; init; }

    /// <summary>Private examples it holds.</summary>
    [Id(1)] public required int Examples { get; init; }

    /// <summary>Measured forward passes per second; 0 when unknown.</summary>
    [Id(2)] public float PassesPerSecond { get; init; }

    /// <summary>Assignments given.</summary>
    [Id(3)] public int Assigned { get; init; }

    /// <summary>Assignments missed.</summary>
    [Id(4)] public int Missed { get; init; }

    /// <summary>It computes exact gradients.</summary>
    [Id(5)] public bool Exact { get; init; }
}

/// <summary>Evaluates a model version on the server's held-out set. Stateless worker; does nothing when the silo has no such set.</summary>
[GrainInterfaceType("fl.evaluator"), Alias("fl.evaluator")]
public interface IEvaluatorGrain : IGrainWithIntegerKey
{
    /// <summary>Evaluates and reports to the job; returns when done.</summary>
    [Alias("Evaluate"), ResponseTimeout("00:10:00")]
    Task Evaluate(JobSpec spec, long version, uint round, double forwardPasses);
}
