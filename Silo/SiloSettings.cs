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
    /// <remarks>Only for <see cref="ClusteringKind.Localhost"/>: several silos on one machine need no other program this way. The table is in the first silo's memory: it must run longest.</remarks>
    public int PrimarySiloPort { get; init; }

    /// <summary>Port of health, artifacts and dashboard; 0 for no HTTP.</summary>
    /// <value>0; the Silo program sets 8080.</value>
    /// <remarks>A silo inside another program needs none.</remarks>
    public int HttpPort { get; init; }

    /// <summary>Address HTTP listens on.</summary>
    /// <value>127.0.0.1.</value>
    /// <remarks>There is no authentication: open it only on a trusted network. The dashboard answers requests from this machine only, whatever is set here.</remarks>
    public string HttpAddress { get; init; } = "127.0.0.1";

    /// <summary>Where grain state is kept. All silos of a cluster use the same.</summary>
    /// <value>Sqlite.</value>
    /// <remarks>Nothing to install. Silos on several machines need a server.</remarks>
    public StorageKind Storage { get; init; }

    /// <summary>The server of <see cref="Storage"/>: as StackExchange.Redis (host:6379,password=…) or Npgsql (Host=…;Database=…;Username=…;Password=…) reads it.</summary>
    /// <value>None.</value>
    /// <remarks>It may hold a password, so no message and no log repeats it. Give it by environment variable or file: other users of the machine can see a command line.</remarks>
    public string? StorageConnection { get; init; }

    /// <summary>Where the list of the cluster's silos is kept, and with it the reminders.</summary>
    /// <value>Localhost.</value>
    /// <remarks>In the first silo's memory; with Redis or PostgreSQL there is no first silo, and any of them may die.</remarks>
    public ClusteringKind Clustering { get; init; }

    /// <summary>The server of <see cref="Clustering"/>.</summary>
    /// <value>None: the storage's own server when it is of the same kind.</value>
    /// <remarks>The same form and the same care as <see cref="StorageConnection"/>.</remarks>
    public string? ClusteringConnection { get; init; }

    /// <summary>Folder of the database with all grain state (<see cref="StorageKind.Sqlite"/>).</summary>
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

    /// <summary>Requests that may wait for one grain; more are rejected and come again later.</summary>
    /// <value>10,000.</value>
    /// <remarks>Orleans' default is no limit. A round's cohort may answer all at once; at a kilobyte each this bounds a queue to 10 MB.</remarks>
    public int MaxQueuedRequests { get; init; } = 10_000;

    /// <summary>Refuse devices' calls while processor (95 %) or memory (90 %) are used up.</summary>
    /// <value>false.</value>
    /// <remarks>Right for a machine of its own. Off by default because silo and devices often share one machine, where the devices' work alone would trip it.</remarks>
    public bool LoadShedding { get; init; }

    /// <summary>How long the silo waits, and when it takes another for dead.</summary>
    /// <value>Those of <see cref="SiloTimings"/>.</value>
    public SiloTimings Timings { get; init; } = new();

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

    /// <summary>Connection of the membership table and the reminders; null for <see cref="ClusteringKind.Localhost"/>.</summary>
    public string? MembershipConnection => ClusteringConnection ?? (Clustering.ToString() == Storage.ToString() ? StorageConnection : null);

    /// <summary>Where state is kept, without secrets.</summary>
    public string StoragePlace => Storage == StorageKind.Sqlite ? Path.GetFullPath(StorageFolder) : Storage.ToString();

    /// <summary>Which silo it is; a record's own form would show the passwords of the connections.</summary>
    public override string ToString() => $"silo {Address}:{SiloPort} of cluster {ClusterId}, storage {StoragePlace}";

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
        Timings.Validate();
        Connections();
        if (Fault is not null && PlannedFault.Parse(Fault).FirstOrDefault(fault => fault.OnceArmed) is { } armed && FaultFolder is null)
            throw new ArgumentException($"fault '{armed.Text}' waits to be armed, and there is no folder in which it could be; give FaultFolder.");
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

    private void Connections()
    {
        if ((Storage == StorageKind.Sqlite) != (StorageConnection is null))
            throw new ArgumentException(StorageConnection is null
                ? $"{nameof(Storage)} is {Storage} and {nameof(StorageConnection)} is not given; name the server."
                : $"{nameof(StorageConnection)} is given and {nameof(Storage)} is {Storage}, which has no server; give {nameof(Storage)} redis or postgresql, or leave the connection out.");
        if ((Clustering == ClusteringKind.Localhost) != (MembershipConnection is null))
            throw new ArgumentException(MembershipConnection is null
                ? $"{nameof(Clustering)} is {Clustering} and {nameof(ClusteringConnection)} is not given; name the server."
                : $"{nameof(ClusteringConnection)} is given and {nameof(Clustering)} is {Clustering}, which has no server; give {nameof(Clustering)} redis or postgresql, or leave the connection out.");
        if (Clustering != ClusteringKind.Localhost && PrimarySiloPort != 0)
            throw new ArgumentException($"{nameof(PrimarySiloPort)} is {PrimarySiloPort} and {nameof(Clustering)} is {Clustering}, where no silo is the first; leave it out.");
        Backends.CheckConnections(this);
    }

    [GeneratedRegex("^[A-Za-z0-9._-]{1,64}$")]
    private static partial Regex NamePattern();
}
