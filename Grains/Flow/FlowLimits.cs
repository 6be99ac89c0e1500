namespace FwdLLM.Grains;

/// <summary>How much a silo takes on, and how it says no. Each default with its reason.</summary>
public sealed record FlowLimits
{
    /// <summary>Longest time a device's write should wait for the storage; past it the silo is over capacity.</summary>
    /// <value>1 s: a fifth of a device's response timeout, so that what was let in is still acknowledged in its first attempt.</value>
    public TimeSpan WriteDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Waiting writes below which a silo is never over capacity, whatever it has measured.</summary>
    /// <value>512: two commits of the embedded storage; a silo that has just started has measured nothing yet.</value>
    public int FreeWrites { get; init; } = 512;

    /// <summary>Share of the machine's processors this process may use before it is over capacity; 0 for no limit.</summary>
    /// <value>0: silo and devices often share a process or a machine, where the devices' work alone would trip it. The silo's load shedding sets 0.85.</value>
    public double ProcessorShare { get; init; }

    /// <summary>Longest time a device is sent away.</summary>
    /// <value>1 min: less than the deadline of any sensible wave, so that nobody is kept from answering in time.</value>
    public TimeSpan LongestWindow { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Calls that bring a device nothing new (the same work again, no work, refusals) it may make at once.</summary>
    /// <value>60: a device that was restarted, lost answers and tries again needs a handful.</value>
    public double CallBurst { get; init; } = 60;

    /// <summary>Such calls per second in the long run.</summary>
    /// <value>2: a device that polls without waiting comes once a second on average.</value>
    public double CallsPerSecond { get; init; } = 2;

    /// <summary>What an enrolment counts, in calls.</summary>
    /// <value>5: it may write two records.</value>
    public double EnrolmentCost { get; init; } = 5;

    /// <summary>What a refused contribution counts, in calls.</summary>
    /// <value>4: up to a message of the largest size was read and judged; five refusals end an honest device.</value>
    public double RefusalCost { get; init; } = 4;

    /// <summary>Check-ins of one device that wait for work at a time; more are sent away.</summary>
    /// <value>4: one, and those whose callers gave up but whose wait has not ended.</value>
    public int WaitingCheckIns { get; init; } = 4;

    /// <summary>A device that calls too often is named in the log once in this time.</summary>
    /// <value>1 min: visible at once, and a flood cannot fill a disk.</value>
    public TimeSpan FloodReportEvery { get; init; } = TimeSpan.FromMinutes(1);
}
