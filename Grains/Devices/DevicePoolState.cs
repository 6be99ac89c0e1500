using FwdLLM.Grains.Interfaces;

namespace FwdLLM.Grains;

/// <summary>Stored state of <see cref="DevicePoolGrain"/>.</summary>
[GenerateSerializer, Alias("fl.state.pool")]
public sealed class DevicePoolState
{
    /// <summary>Newest format this build reads.</summary>
    public const int Known = 1;

    [Id(0)] public int Format { get; set; } = Known;

    [Id(1)] public Dictionary<string, PoolEntry> Devices { get; set; } = [];
}
