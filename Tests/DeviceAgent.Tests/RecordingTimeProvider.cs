using Microsoft.Extensions.Time.Testing;

namespace FwdLLM.DeviceAgent.Tests;

/// <summary>Fake time that remembers every delay asked of it: exact, however fast the driver moves the clock.</summary>
internal sealed class RecordingTimeProvider : FakeTimeProvider
{
    public List<TimeSpan> Delays { get; } = [];

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        Delays.Add(dueTime);
        return base.CreateTimer(callback, state, dueTime, period);
    }
}
