using Orleans.Configuration;

namespace FwdLLM.Silo;

/// <summary>
/// Every waiting time of a silo in one place; the grains' own are in <c>ClusterTimings</c>, the devices' in <c>ResilienceOptions</c>.
/// The measured times are of three silos and one client on two processors, Redis clustering.
/// </summary>
public sealed record SiloTimings
{
    /// <summary>How long a call between grains may take.</summary>
    /// <value>15 seconds.</value>
    /// <remarks>Reducing the largest round takes well under a second; Orleans' 30 seconds would only hide a stuck grain longer.</remarks>
    public TimeSpan ResponseTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long a call between silos' own parts may take, such as the entry of a grain into the directory.</summary>
    /// <value>5 seconds.</value>
    /// <remarks>
    /// A silo that hangs can hold up entries that another makes for a third. Nobody repeats them before this time is over, and the grains wait:
    /// with Orleans' 30 seconds one of thirteen jobs with a hang each stood still for 39.
    /// </remarks>
    public TimeSpan SystemTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a gateway keeps answers for a client whose connection to it is gone; looked for every so often.</summary>
    /// <value>1 second.</value>
    /// <remarks>
    /// A client that has other gateways left still gets its answers from this silo's grains put aside here, and not by way of those, until it is
    /// dropped. With Orleans' minute one agent in five jobs with nine kills each stood still for 121 s. Whatever was put aside the client asks again.
    /// </remarks>
    public TimeSpan ClientDrop { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How often silos probe each other, and how long an answer may take; it adapts between half and four times this.</summary>
    /// <value>1 second.</value>
    /// <remarks>
    /// With two missed probes a killed silo is out after 0.9 s instead of Orleans' 12, and a hung one after 8 s (four times this for each missed
    /// probe) instead of 61. Raise it to 2 where silos share processors with other work: a silo that others take for dead ends itself.
    /// </remarks>
    public TimeSpan ProbeTimeout { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Missed probes until a silo is suspected.</summary>
    /// <value>2.</value>
    /// <remarks>One lost packet or one long pause is not a death.</remarks>
    public int MissedProbes { get; init; } = 2;

    /// <summary>How long a silo's port must refuse connections, after one with it has ended, until it is out of the cluster at once. Zero: leave it to the probes.</summary>
    /// <value>0.1 seconds.</value>
    /// <remarks>
    /// Only the machine of a process that is gone refuses, so this needs no votes; three refusals in this time, because the kernel closes what was
    /// open one by one. Switch it off where something between the silos answers in place of a machine (a proxy, a filter that rejects).
    /// </remarks>
    public TimeSpan RefusedFor { get; init; } = TimeSpan.FromSeconds(0.1);

    /// <summary>Silos that must suspect another before it is declared dead; never more than half of those that run.</summary>
    /// <value>2.</value>
    /// <remarks>Of three silos the two others must agree, so one that is cut off cannot put the rest out. Of two, one vote has to do.</remarks>
    public int Votes { get; init; } = 2;

    /// <summary>How often a silo reads the membership table although nobody told it of a change.</summary>
    /// <value>10 seconds.</value>
    /// <remarks>Changes are told at once; this is for what was not heard. Orleans' 60 seconds would be the longest outage left.</remarks>
    public TimeSpan TableRefresh { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How often a silo writes into the table that it lives.</summary>
    /// <value>10 seconds.</value>
    /// <remarks>For people and for the clearing of old rows; deaths are found by probes. One small write per silo.</remarks>
    public TimeSpan IAmAlive { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Time for a clean stop.</summary>
    /// <value>20 seconds.</value>
    /// <remarks>A stop takes two to three seconds; less than the 30 that service managers usually give.</remarks>
    public TimeSpan ShutdownTimeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Checks every value.</summary>
    /// <exception cref="ArgumentException">Names the timing, its value and what is allowed.</exception>
    public void Validate()
    {
        Time(ResponseTimeout, nameof(ResponseTimeout), 1, 600);
        Time(SystemTimeout, nameof(SystemTimeout), 1, 600);
        Time(ClientDrop, nameof(ClientDrop), 0.1, 600);
        Time(ProbeTimeout, nameof(ProbeTimeout), 0.5, 60);
        if (RefusedFor != TimeSpan.Zero) Time(RefusedFor, nameof(RefusedFor), 0.02, 10);
        Time(TableRefresh, nameof(TableRefresh), 1, 600);
        Time(IAmAlive, nameof(IAmAlive), 1, 600);
        Time(ShutdownTimeout, nameof(ShutdownTimeout), 1, 600);
        if (MissedProbes is < 1 or > 20)
            throw new ArgumentException($"{nameof(MissedProbes)} is {MissedProbes}; give a number from 1 to 20.");
        if (Votes is < 1 or > 10)
            throw new ArgumentException($"{nameof(Votes)} is {Votes}; give a number from 1 to 10.");
    }

    internal void Apply(ClusterMembershipOptions membership)
    {
        membership.ProbeTimeout = ProbeTimeout;
        membership.MinProbeTimeout = ProbeTimeout / 2;
        membership.MaxProbeTimeout = ProbeTimeout * 4;
        membership.NumMissedProbesLimit = MissedProbes;
        membership.NumVotesForDeathDeclaration = Votes;
        membership.TableRefreshTimeout = TableRefresh;
        membership.IAmAliveTablePublishTimeout = IAmAlive;
    }

    private static void Time(TimeSpan value, string name, double leastSeconds, double mostSeconds)
    {
        if (value.TotalSeconds < leastSeconds || value.TotalSeconds > mostSeconds)
            throw new ArgumentException($"{name} is {value.TotalSeconds} s; give a time from {leastSeconds} to {mostSeconds} s.");
    }
}
