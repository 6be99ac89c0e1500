using Orleans.Runtime.Messaging;

namespace FwdLLM.DeviceAgent;

/// <summary>Decides at start whether the client tries to connect once more: with short, growing, jittered delays, until a deadline.</summary>
public sealed class ConnectRetryFilter(ResilienceOptions options, TimeProvider time, Func<double> random) : IClientConnectionRetryFilter
{
    private readonly long _started = time.GetTimestamp();
    private int _failures;

    /// <inheritdoc/>
    public async Task<bool> ShouldRetryConnectionAttempt(Exception exception, CancellationToken cancellationToken)
    {
        if (exception is not (OrleansMessageRejectionException or ConnectionFailedException or TimeoutException))
            return false;

        var longest = Math.Min(options.ConnectRetryMax.TotalSeconds, options.ConnectRetryMin.TotalSeconds * Math.Pow(2, _failures++));
        var delay = TimeSpan.FromSeconds(Math.Max(options.ConnectRetryMin.TotalSeconds, longest * (1 - options.Jitter * random())));
        if (time.GetElapsedTime(_started) + delay > options.ConnectDeadline)
            return false;

        await Task.Delay(delay, time, cancellationToken);
        return true;
    }
}
