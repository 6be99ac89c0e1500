namespace FwdLLM.Grains;

/// <summary>How often the grains look, and how long they wait. Each default with its reason.</summary>
public sealed record ClusterTimings
{
    /// <summary>Longest time a check-in waits for work in the cluster.</summary>
    /// <value>10 s: below every response timeout in use (30 s by default), and far above a round's length on fast devices, so that work is pushed, not polled.</value>
    public TimeSpan LongPollCap { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>A device without work asks again not before this.</summary>
    /// <value>100 ms: the long poll already limits the rate; this only separates answers that come at once.</value>
    public TimeSpan RetryMin { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>A device without work asks again at a random moment before this.</summary>
    /// <value>2 s: spreads the devices of a fleet that were answered at the same moment.</value>
    public TimeSpan RetryMax { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How often a job looks at its pool and its open round.</summary>
    /// <value>1 s: only what a person watches depends on it; a closed round wakes the job at once.</value>
    public TimeSpan JobTick { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How often a round looks at its deadline.</summary>
    /// <value>1 s: deadlines are minutes; a contribution that completes a wave wakes the round at once.</value>
    public TimeSpan RoundTick { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How soon a job or a round tries again after a step that failed.</summary>
    /// <value>250 ms: a call to a silo that died fails when the cluster takes it for dead, and the next one finds the grain elsewhere. What goes on failing (a storage that is away) is tried four times a second for each open job.</value>
    public TimeSpan AfterFailure { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>How often a round asks the silent members' grains for contributions whose notice was lost.</summary>
    /// <value>10 s: notices are lost only when a silo dies, and a device that repeats its contribution repeats the notice.</value>
    public TimeSpan PullEvery { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How often every silo looks after the unfinished jobs.</summary>
    /// <value>1 s: the most it adds to the time in which the cluster notices a silo's death; a look costs one call, and one per unfinished job. Infinite: never.</value>
    public TimeSpan JobWatch { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Period of the reminder that brings a job back.</summary>
    /// <value>1 min: the shortest a reminder may have. It is the second way; <see cref="JobWatch"/> is the first.</value>
    public TimeSpan ReminderPeriod { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Age at which the list of devices is read again (adaptive schedule).</summary>
    /// <value>5 s: speeds change slowly, and the list of a large fleet is megabytes.</value>
    public TimeSpan PoolListAge { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Calls to device grains in flight at a time, per round or job.</summary>
    /// <value>256: a group commit of the storage; with 64 a round over 10,000 devices waited for four times as many commits (docs/scale.md).</value>
    public int Parallelism { get; init; } = 256;

    /// <summary>Contributions one reducer call sums.</summary>
    /// <value>512: some milliseconds of work and well below a megabyte per message.</value>
    public int ReduceGroup { get; init; } = 512;

    /// <summary>Model versions whose snapshots stay readable.</summary>
    /// <value>4: late devices and the evaluator lag one or two rounds.</value>
    public int HeldVersions { get; init; } = 4;
}
