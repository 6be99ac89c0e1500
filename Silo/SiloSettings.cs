using System.Net;
using System.Text.RegularExpressions;
using FwdLLM.Silo.Faults;

namespace FwdLLM.Silo;

/// <summary>Everything one silo is told. Validated once, before anything starts.</summary>
public sealed partial record SiloSettings
{
    /// <summary>Names the cluster; silos and clients with another id are refused.</summary>
    /// <value>fwdllm.</value>
    /// <remarks>One cluster per machine is the usual case; give another name to run two.</remarks>
    public string ClusterId { get; init; } = "fwdllm";

    /// <summary>Names the service; part of every storage key.</summary>
    /// <value>fwdllm.</value>
    /// <remarks>Changing it makes stored jobs invisible, so it stays when the cluster's id changes.</remarks>
    public string ServiceId { get; init; } = "fwdllm";

    /// <summary>Address the silo listens on and tells others.</summary>
    /// <value>127.0.0.1.</value>
    /// <remarks>The gateway has no authentication of its own: nothing outside the machine reaches it unless an operator says so.</remarks>
    public string Address { get; init; } = "127.0.0.1";

    /// <summary>Port for the other silos.</summary>
    /// <value>11111.</value>
    /// <remarks>Orleans' customary port.</remarks>
    public int SiloPort { get; init; } = 11111;

    /// <summary>Port for devices and command line.</summary>
    /// <value>30000.</value>
    /// <remarks>Orleans' customary port.</remarks>
    public int GatewayPort { get; init; } = 30000;

    /// <summary>Silo port of the first silo on this machine, which keeps the membership table; 0 when this silo is the first.</summary>
    /// <value>0.</value>
    /// <remarks>Several silos on one machine need no other program this way. The table is in the first silo's memory: it must run longest.</remarks>
    public int PrimarySiloPort { get; init; }

    /// <summary>Port of health, artifacts and dashboard; 0 for no HTTP.</summary>
    /// <value>0; the Silo program sets 8080.</value>
    /// <remarks>A silo inside another program needs none.</remarks>
    public int HttpPort { get; init; }

    /// <summary>Address HTTP listens on.</summary>
    /// <value>127.0.0.1.</value>
    /// <remarks>There is no authentication: open it only on a trusted network. The dashboard answers requests from this machine only, whatever is set here.</remarks>
    public string HttpAddress { get; init; } = "127.0.0.1";

    /// <summary>Folder of the database with all grain state.</summary>
    /// <value>fwdllm-data in the working folder.</value>
    /// <remarks>Not a temporary folder: a restarted silo continues its jobs from here. Silos of one cluster share it.</remarks>
    public string StorageFolder { get; init; } = "fwdllm-data";

    /// <summary>Folder of compiled models, each in a subfolder named by its manifest's SHA-256.</summary>
    /// <value>fwdllm-artifacts in the working folder.</value>
    /// <remarks>May be shared with agents on the same machine; they then download nothing.</remarks>
    public string ArtifactsFolder { get; init; } = "fwdllm-artifacts";

    /// <summary>Show the Orleans dashboard at /dashboard (needs HTTP).</summary>
    /// <value>true.</value>
    /// <remarks>It costs 50 to 90 MB of memory and has no login of its own, hence the limit to this machine.</remarks>
    public bool Dashboard { get; init; } = true;

    /// <summary>How long a call between grains may take.</summary>
    /// <value>15 seconds.</value>
    /// <remarks>Reducing the largest round takes well under a second; Orleans' 30 seconds would only hide a stuck grain longer.</remarks>
    public TimeSpan ResponseTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Requests that may wait for one grain; more are rejected and come again later.</summary>
    /// <value>10,000.</value>
    /// <remarks>Orleans' default is no limit. A round's cohort may answer all at once; at a kilobyte each this bounds a queue to 10 MB.</remarks>
    public int MaxQueuedRequests { get; init; } = 10_000;

    /// <summary>Refuse devices' calls while processor (95 %) or memory (90 %) are used up.</summary>
    /// <value>false.</value>
    /// <remarks>Right for a machine of its own. Off by default because silo and devices often share one machine, where the devices' work alone would trip it.</remarks>
    public bool LoadShedding { get; init; }

    /// <summary>How often silos probe each other; three missed probes and two votes declare one dead.</summary>
    /// <value>2 seconds.</value>
    /// <remarks>A crash is noticed within 6 seconds, a hang within 24. Shorter probes evict healthy silos on a busy machine.</remarks>
    public TimeSpan ProbeTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Time for a clean stop.</summary>
    /// <value>20 seconds.</value>
    /// <remarks>A stop takes two to three seconds; less than the 30 that service managers usually give.</remarks>
    public TimeSpan ShutdownTimeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Test equipment: faults that this silo makes happen to itself, for example <c>gate-passed:kill@round=7</c> (docs/faults.md).</summary>
    /// <value>Null: none.</value>
    /// <remarks>Never in service. The silo says in its log that it is armed.</remarks>
    public string? Fault { get; init; }

    /// <summary>Test equipment: folder in which a fault that happened is noted. Silos that share it, and silos started again, do not repeat it.</summary>
    /// <value>Null: each process has every fault once.</value>
    /// <remarks>Not in the storage's folder by default: one storage sees many test runs.</remarks>
    public string? FaultFolder { get; init; }

    /// <summary>Path of the database.</summary>
    public string DatabasePath => Path.Combine(Path.GetFullPath(StorageFolder), "fwdllm.db");

    /// <summary>Checks every value.</summary>
    /// <exception cref="ArgumentException">Names the setting, its value and what is allowed.</exception>
    public void Validate()
    {
        Name(ClusterId, nameof(ClusterId));
        Name(ServiceId, nameof(ServiceId));
        AddressOf(Address, nameof(Address));
        AddressOf(HttpAddress, nameof(HttpAddress));
        Port(SiloPort, nameof(SiloPort), least: 1);
        Port(GatewayPort, nameof(GatewayPort), least: 1);
        Port(PrimarySiloPort, nameof(PrimarySiloPort), least: 0);
        Port(HttpPort, nameof(HttpPort), least: 0);
        if (SiloPort == GatewayPort)
            throw new ArgumentException($"{nameof(SiloPort)} and {nameof(GatewayPort)} are both {SiloPort}; give two different ports.");
        if (HttpPort != 0 && (HttpPort == SiloPort || HttpPort == GatewayPort))
            throw new ArgumentException($"{nameof(HttpPort)} is {HttpPort}, which is also the silo's or gateway's port; give a port of its own, or 0 for no HTTP.");
        Folder(StorageFolder, nameof(StorageFolder));
        Folder(ArtifactsFolder, nameof(ArtifactsFolder));
        if (Fault is not null) _ = PlannedFault.Parse(Fault);
        Time(ResponseTimeout, nameof(ResponseTimeout), 1, 600);
        Time(ProbeTimeout, nameof(ProbeTimeout), 0.5, 60);
        Time(ShutdownTimeout, nameof(ShutdownTimeout), 1, 600);
        if (MaxQueuedRequests is < 100 or > 10_000_000)
            throw new ArgumentException($"{nameof(MaxQueuedRequests)} is {MaxQueuedRequests}; give a number from 100 to 10000000.");
    }

    private static void Name(string value, string name)
    {
        if (!NamePattern().IsMatch(value))
            throw new ArgumentException($"{name} is '{value}'; give 1 to 64 letters, digits, '-', '.' or '_'.");
    }

    private static void AddressOf(string value, string name)
    {
        if (!IPAddress.TryParse(value, out _))
            throw new ArgumentException($"{name} is '{value}'; give an IP address such as 127.0.0.1.");
    }

    private static void Port(int value, string name, int least)
    {
        if (value < least || value > ushort.MaxValue)
            throw new ArgumentException($"{name} is {value}; give a port from {least} to {ushort.MaxValue}.");
    }

    private static void Folder(string value, string name)
    {
        if (string.IsNullOrWhiteSpace(value))
            throw new ArgumentException($"{name} is empty; give a folder.");
        if (File.Exists(value))
            throw new ArgumentException($"{name} is '{value}', which is a file; give a folder.");
    }

    private static void Time(TimeSpan value, string name, double leastSeconds, double mostSeconds)
    {
        if (value.TotalSeconds < leastSeconds || value.TotalSeconds > mostSeconds)
            throw new ArgumentException($"{name} is {value.TotalSeconds} s; give a time from {leastSeconds} to {mostSeconds} s.");
    }

    [GeneratedRegex("^[A-Za-z0-9._-]{1,64}$")]
    private static partial Regex NamePattern();
}
