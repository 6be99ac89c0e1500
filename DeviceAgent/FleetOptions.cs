namespace FwdLLM.DeviceAgent;

/// <summary>Which virtual devices a process hosts, and how.</summary>
public sealed record FleetOptions
{
    /// <summary>The job all of them work for.</summary>
    public required string JobId { get; init; }

    /// <summary>Number of the first device hosted here.</summary>
    public required int FirstDevice { get; init; }

    /// <summary>Devices hosted here.</summary>
    public required int DeviceCount { get; init; }

    /// <summary>Computations that run at a time.</summary>
    /// <value>The number of processors.</value>
    /// <remarks>A computation uses one thread; more at a time would only take memory.</remarks>
    public int MaxConcurrentWork { get; init; } = Environment.ProcessorCount;

    /// <summary>Enrolments and contributions on their way to the cluster at a time.</summary>
    /// <value>256.</value>
    /// <remarks>A group commit of the cluster's storage; more only wait there, against their response timeout.</remarks>
    public int MaxConcurrentCalls { get; init; } = 256;

    /// <summary>How each device behaves.</summary>
    /// <value>Those of <see cref="SessionOptions"/>.</value>
    public SessionOptions Session { get; init; } = new();

    /// <summary>Checks the values.</summary>
    /// <exception cref="ArgumentException">Names the option and its value.</exception>
    public void Validate()
    {
        if (string.IsNullOrWhiteSpace(JobId))
            throw new ArgumentException($"{nameof(JobId)} is empty; name the job to work for.");
        if (FirstDevice < 0)
            throw new ArgumentException($"{nameof(FirstDevice)} is {FirstDevice}; give a number from 0.");
        if (DeviceCount < 1 || DeviceCount > int.MaxValue - FirstDevice)
            throw new ArgumentException($"{nameof(DeviceCount)} is {DeviceCount}; give at least 1 device.");
        if (MaxConcurrentWork is < 1 or > 4096)
            throw new ArgumentException($"{nameof(MaxConcurrentWork)} is {MaxConcurrentWork}; give a number from 1 to 4096.");
        if (MaxConcurrentCalls is < 1 or > 65_536)
            throw new ArgumentException($"{nameof(MaxConcurrentCalls)} is {MaxConcurrentCalls}; give a number from 1 to 65536.");
        Session.Validate();
    }
}
