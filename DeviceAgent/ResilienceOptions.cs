namespace FwdLLM.DeviceAgent;

/// <summary>Every waiting time and limit of the device's calls to the cluster, in one place. They depend on each other: see <see cref="Validate"/>.</summary>
public sealed record ResilienceOptions
{
    /// <summary>How long a check-in may wait for work at the cluster.</summary>
    /// <value>4 seconds.</value>
    /// <remarks>Shorter than <see cref="ResponseTimeout"/>, so that a quiet cluster answers "nothing yet" instead of letting the call time out.</remarks>
    public TimeSpan LongPollWait { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>After this the Orleans client gives a call up.</summary>
    /// <value>5 seconds.</value>
    /// <remarks>A call in flight through a gateway that dies waits this long; Orleans' 30 seconds would keep a device idle through a whole failover.</remarks>
    public TimeSpan ResponseTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>After this an attempt is abandoned whatever the Orleans client does.</summary>
    /// <value>5.5 seconds.</value>
    /// <remarks>Just above <see cref="ResponseTimeout"/>: it only acts where the client itself hangs, for example while it reconnects.</remarks>
    public TimeSpan AttemptTimeout { get; init; } = TimeSpan.FromSeconds(5.5);

    /// <summary>Limit of one call with all its retries.</summary>
    /// <value>60 seconds.</value>
    /// <remarks>More than twice the slowest failover measured for shipped settings (24 s for a hung silo).</remarks>
    public TimeSpan CallDeadline { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Retries of one call after its first attempt.</summary>
    /// <value>240.</value>
    /// <remarks>With the delays below <see cref="CallDeadline"/> ends a call before they run out.</remarks>
    public int MaxRetries { get; init; } = 240;

    /// <summary>Delay before the first retry; doubles with each further one.</summary>
    /// <value>250 milliseconds.</value>
    /// <remarks>A rejected call costs a fraction of a millisecond, and a clean silo restart moves its grains within half a second.</remarks>
    public TimeSpan FirstRetryDelay { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>Longest delay between two attempts.</summary>
    /// <value>0.5 seconds.</value>
    /// <remarks>A cluster that is back is found within this time: with 5 seconds a silo that was started again 1.5 s after its death was found after 3.6.
    /// Ten thousand devices without a gateway fail in their own process; with one, admission spreads them.</remarks>
    public TimeSpan MaxRetryDelay { get; init; } = TimeSpan.FromSeconds(0.5);

    /// <summary>Delay before the Orleans client dials a gateway again that did not answer.</summary>
    /// <value>250 milliseconds.</value>
    /// <remarks>Orleans' 1 second would come on top of the retry delays.</remarks>
    public TimeSpan RedialDelay { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>Part of each delay that is random: a delay lies in ((1 − jitter)·delay, delay].</summary>
    /// <value>0.5.</value>
    /// <remarks>A thousand devices that lost the same silo must not return in the same instant.</remarks>
    public double Jitter { get; init; } = 0.5;

    /// <summary>Fraction of failed attempts that opens the circuit breaker.</summary>
    /// <value>0.9.</value>
    /// <remarks>All devices of a process share the breaker; it is for a cluster that is gone, not for one slow grain among many.</remarks>
    public double BreakerFailureRatio { get; init; } = 0.9;

    /// <summary>Attempts within <see cref="BreakerWindow"/> before the breaker judges.</summary>
    /// <value>20.</value>
    /// <remarks>A process with one device never reaches it: its own retry delays are enough.</remarks>
    public int BreakerMinimumAttempts { get; init; } = 20;

    /// <summary>Time over which the failure ratio is measured.</summary>
    /// <value>10 seconds.</value>
    /// <remarks>Two response timeouts.</remarks>
    public TimeSpan BreakerWindow { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long an open breaker lets nothing through.</summary>
    /// <value>2 seconds.</value>
    /// <remarks>Shorter than a failover, so it delays the recovery by little.</remarks>
    public TimeSpan BreakerPause { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Times after the end of a connection at which calls on their way are given up once more and repeated.</summary>
    /// <value>0.4, 1.2 and 2 seconds.</value>
    /// <remarks>
    /// What was sent to a killed silo's grains through other gateways before it was taken for dead is never answered. That takes 0.2 s where its machine
    /// refuses connections, and 0.9 to 1.1 s by probes; the third time is for a cluster whose processors are busy.
    /// </remarks>
    public IReadOnlyList<TimeSpan> LossEchoes { get; init; } = [TimeSpan.FromSeconds(0.4), TimeSpan.FromSeconds(1.2), TimeSpan.FromSeconds(2)];

    /// <summary>How often the client asks for the list of gateways.</summary>
    /// <value>5 seconds.</value>
    /// <remarks>Orleans' 60 seconds kept a hung gateway in use for 110 seconds; with 5 the same outage lasted 11.5.</remarks>
    public TimeSpan GatewayListRefreshPeriod { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long one silo may take to tell the gateways over HTTP before the next is asked.</summary>
    /// <value>2 seconds.</value>
    /// <remarks>The answer is in the silo's memory; a silo that hangs delays the list once, by this.</remarks>
    public TimeSpan GatewaysUrlTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>First delay between attempts to connect at start.</summary>
    /// <value>0.5 seconds.</value>
    /// <remarks>A silo on the same machine takes one to three seconds to start; the device should be there when it is.</remarks>
    public TimeSpan ConnectRetryMin { get; init; } = TimeSpan.FromSeconds(0.5);

    /// <summary>Longest delay between attempts to connect at start.</summary>
    /// <value>2 seconds.</value>
    /// <remarks>Orleans' own filter grows to more than 20 seconds, which is idle time for a device.</remarks>
    public TimeSpan ConnectRetryMax { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long a start tries to connect before it fails.</summary>
    /// <value>60 seconds.</value>
    /// <remarks>A wrong address should become an error message, not a process that waits for ever; a supervisor restarts the agent.</remarks>
    public TimeSpan ConnectDeadline { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>These with another response timeout, and what has to stay below and above it.</summary>
    public ResilienceOptions WithResponseTimeout(TimeSpan timeout) => this with { LongPollWait = timeout * 0.8, ResponseTimeout = timeout, AttemptTimeout = timeout * 1.1 };

    /// <summary>Checks the values and their order: long poll &lt; response timeout ≤ attempt timeout ≤ call deadline.</summary>
    /// <exception cref="ArgumentException">Names the option, its value and the bound it breaks.</exception>
    public void Validate()
    {
        Positive(LongPollWait, nameof(LongPollWait));
        Positive(FirstRetryDelay, nameof(FirstRetryDelay));
        Positive(RedialDelay, nameof(RedialDelay));
        Positive(GatewayListRefreshPeriod, nameof(GatewayListRefreshPeriod));
        Positive(GatewaysUrlTimeout, nameof(GatewaysUrlTimeout));
        foreach (var echo in LossEchoes)
        {
            Positive(echo, nameof(LossEchoes));
            Ordered(echo, nameof(LossEchoes), CallDeadline, nameof(CallDeadline));
        }

        Positive(ConnectRetryMin, nameof(ConnectRetryMin));
        Ordered(LongPollWait, nameof(LongPollWait), ResponseTimeout - TimeSpan.FromMilliseconds(1), nameof(ResponseTimeout));
        Ordered(ResponseTimeout, nameof(ResponseTimeout), AttemptTimeout, nameof(AttemptTimeout));
        Ordered(AttemptTimeout, nameof(AttemptTimeout), CallDeadline, nameof(CallDeadline));
        Ordered(FirstRetryDelay, nameof(FirstRetryDelay), MaxRetryDelay, nameof(MaxRetryDelay));
        Ordered(ConnectRetryMin, nameof(ConnectRetryMin), ConnectRetryMax, nameof(ConnectRetryMax));
        Ordered(ConnectRetryMax, nameof(ConnectRetryMax), ConnectDeadline, nameof(ConnectDeadline));
        Ordered(CallDeadline, nameof(CallDeadline), TimeSpan.FromHours(24), "24 hours");
        Ordered(TimeSpan.FromSeconds(0.5), "0.5 seconds", BreakerWindow, nameof(BreakerWindow));
        Ordered(TimeSpan.FromSeconds(0.5), "0.5 seconds", BreakerPause, nameof(BreakerPause));
        if (MaxRetries is < 1 or > 1000)
            throw new ArgumentException($"{nameof(MaxRetries)} is {MaxRetries}; give a number from 1 to 1000.");
        if (!(Jitter is >= 0 and <= 1))
            throw new ArgumentException($"{nameof(Jitter)} is {Jitter}; give a number from 0 to 1.");
        if (!(BreakerFailureRatio is > 0 and <= 1))
            throw new ArgumentException($"{nameof(BreakerFailureRatio)} is {BreakerFailureRatio}; give a number above 0 and at most 1.");
        if (BreakerMinimumAttempts is < 2 or > 1_000_000)
            throw new ArgumentException($"{nameof(BreakerMinimumAttempts)} is {BreakerMinimumAttempts}; give a number from 2 to 1000000.");
    }

    private static void Positive(TimeSpan value, string name)
    {
        if (value <= TimeSpan.Zero)
            throw new ArgumentException($"{name} is {value}; give a time above zero.");
    }

    private static void Ordered(TimeSpan shorter, string shorterName, TimeSpan longer, string longerName)
    {
        if (shorter > longer)
            throw new ArgumentException($"{shorterName} is {shorter} and {longerName} allows at most {longer}; lower the first or raise the second.");
    }
}
