namespace FwdLLM.DeviceAgent;

/// <summary>How one device behaves between its calls.</summary>
public sealed record SessionOptions
{
    /// <summary>How long a check-in waits for work at the cluster.</summary>
    /// <value>4 seconds.</value>
    /// <remarks>As <see cref="ResilienceOptions.LongPollWait"/>, below the response timeout.</remarks>
    public TimeSpan CheckInWait { get; init; } = new ResilienceOptions().LongPollWait;

    /// <summary>Shortest pause after a call failed for good, after a refusal, or where the cluster names no retry window.</summary>
    /// <value>1 second.</value>
    /// <remarks>The pipeline below has already retried with short delays.</remarks>
    public TimeSpan PauseMin { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Longest such pause.</summary>
    /// <value>5 seconds.</value>
    /// <remarks>Spreads a process's devices over some seconds when the cluster comes back.</remarks>
    public TimeSpan PauseMax { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Longest pause a cluster may ask for.</summary>
    /// <value>1 hour.</value>
    /// <remarks>A device that obeys any number could be put to sleep for ever by one bad answer.</remarks>
    public TimeSpan LongestRetry { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Refusals in a row after which the device stops and says why.</summary>
    /// <value>5.</value>
    /// <remarks>What is refused stays refused; going on would only spend the device's energy.</remarks>
    public int MaxRefusals { get; init; } = 5;

    /// <summary>Checks the values.</summary>
    /// <exception cref="ArgumentException">Names the option and its value.</exception>
    public void Validate()
    {
        if (CheckInWait <= TimeSpan.Zero)
            throw new ArgumentException($"{nameof(CheckInWait)} is {CheckInWait}; give a time above zero.");
        if (PauseMin <= TimeSpan.Zero || PauseMin > PauseMax || PauseMax > LongestRetry)
            throw new ArgumentException($"{nameof(PauseMin)} is {PauseMin}, {nameof(PauseMax)} {PauseMax} and {nameof(LongestRetry)} {LongestRetry}; they must be above zero and in this order.");
        if (MaxRefusals < 1)
            throw new ArgumentException($"{nameof(MaxRefusals)} is {MaxRefusals}; give at least 1.");
    }
}
