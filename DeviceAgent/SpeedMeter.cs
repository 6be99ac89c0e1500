namespace FwdLLM.DeviceAgent;

/// <summary>A device's measured speed: a running mean that follows a change of load within a few assignments.</summary>
internal sealed class SpeedMeter
{
    private const double ExamplesPerPass = 8;
    private const double WeightOfNewest = 0.3;

    /// <summary>Forward passes of 8 examples per second; 0 before the first measurement.</summary>
    public float PassesPerSecond { get; private set; }

    public void Add(long forwardExamples, TimeSpan elapsed)
    {
        if (forwardExamples <= 0 || elapsed <= TimeSpan.Zero)
            return;
        var measured = forwardExamples / ExamplesPerPass / elapsed.TotalSeconds;
        PassesPerSecond = (float)(PassesPerSecond == 0 ? measured : PassesPerSecond + (WeightOfNewest * (measured - PassesPerSecond)));
    }
}
