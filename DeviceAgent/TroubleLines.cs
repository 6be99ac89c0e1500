namespace FwdLLM.DeviceAgent;

/// <summary>Tells people of refusals and failed calls as they happen, one line in <see cref="Period"/> at most; what is left out is counted. Thread-safe.</summary>
/// <param name="error">Where to.</param>
/// <param name="time">Clock.</param>
internal sealed class TroubleLines(TextWriter error, TimeProvider time)
{
    /// <summary>A cluster that is away fails the calls of all devices at once; a line in this time says as much.</summary>
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private long? _last;
    private int _leftOut;

    public void Write(string trouble)
    {
        lock (_lock)
        {
            if (_last is { } last && time.GetElapsedTime(last) < Period)
            {
                _leftOut++;
                return;
            }

            error.WriteLine(_leftOut > 0 ? $"{trouble} ({_leftOut} such lines were left out)" : trouble);
            (_last, _leftOut) = (time.GetTimestamp(), 0);
        }
    }
}
