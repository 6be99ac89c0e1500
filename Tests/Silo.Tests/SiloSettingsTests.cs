namespace FwdLLM.Silo.Tests;

public sealed class SiloSettingsTests
{
    public static TheoryData<SiloSettings, string> Wrong => new()
    {
        { new SiloSettings { ClusterId = "a b" }, "ClusterId is 'a b'" },
        { new SiloSettings { Address = "localhost" }, "Address is 'localhost'; give an IP address" },
        { new SiloSettings { SiloPort = 0 }, "SiloPort is 0; give a port from 1" },
        { new SiloSettings { GatewayPort = 70_000 }, "GatewayPort is 70000" },
        { new SiloSettings { SiloPort = 5, GatewayPort = 5 }, "both 5; give two different ports" },
        { new SiloSettings { HttpPort = 30_000 }, "HttpPort is 30000, which is also the silo's or gateway's port" },
        { new SiloSettings { StorageFolder = " " }, "StorageFolder is empty" },
        { new SiloSettings { ArtifactsFolder = typeof(SiloSettingsTests).Assembly.Location }, "which is a file; give a folder" },
        { new SiloSettings { Timings = new SiloTimings { ProbeTimeout = TimeSpan.Zero } }, "ProbeTimeout is 0 s" },
        { new SiloSettings { Timings = new SiloTimings { SystemTimeout = TimeSpan.FromMilliseconds(5) } }, "SystemTimeout is 0.005 s" },
        { new SiloSettings { Timings = new SiloTimings { MissedProbes = 0 } }, "MissedProbes is 0; give a number from 1 to 20" },
        { new SiloSettings { Timings = new SiloTimings { RefusedFor = TimeSpan.FromMilliseconds(5) } }, "RefusedFor is 0.005 s" },
        { new SiloSettings { Storage = StorageKind.Redis }, "Storage is Redis and StorageConnection is not given; name the server" },
        { new SiloSettings { Storage = StorageKind.Redis, StorageConnection = "redis://h:1" }, "StorageConnection is a URL; give it as host:6379" },
        { new SiloSettings { Clustering = ClusteringKind.PostgreSql, ClusteringConnection = "h:1" }, "ClusteringConnection cannot be read as a PostgreSQL connection" },
        { new SiloSettings { StorageConnection = "h:1" }, "StorageConnection is given and Storage is Sqlite" },
        { new SiloSettings { Clustering = ClusteringKind.PostgreSql }, "Clustering is PostgreSql and ClusteringConnection is not given" },
        { new SiloSettings { Clustering = ClusteringKind.PostgreSql, Storage = StorageKind.Redis, StorageConnection = "h:1" }, "Clustering is PostgreSql and ClusteringConnection is not given" },
        { new SiloSettings { ClusteringConnection = "h:1" }, "ClusteringConnection is given and Clustering is Localhost" },
        { new SiloSettings { Clustering = ClusteringKind.Redis, ClusteringConnection = "h:1", PrimarySiloPort = 5 }, "where no silo is the first; leave it out" },
        { new SiloSettings { MaxQueuedRequests = 0 }, "MaxQueuedRequests is 0" },
        { new SiloSettings { Fault = "gate-passed:kill@when=now" }, "give round=N, job=ID or armed" },
        { new SiloSettings { Fault = "gate-passed:kill@armed" }, "waits to be armed, and there is no folder" },
    };

    [Theory, MemberData(nameof(Wrong), DisableDiscoveryEnumeration = true)]
    public void Wrong_value_is_named_with_its_remedy(SiloSettings settings, string message)
    {
        var error = Assert.Throws<ArgumentException>(settings.Validate);

        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Text_of_the_settings_shows_no_connection()
    {
        var settings = new SiloSettings { Storage = StorageKind.Redis, StorageConnection = "host:6379,password=secret", Clustering = ClusteringKind.Redis };

        settings.Validate();

        Assert.Equal("host:6379,password=secret", settings.MembershipConnection);
        Assert.DoesNotContain("secret", settings.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Defaults_are_valid_and_reachable_from_this_machine_only()
    {
        var settings = new SiloSettings();

        settings.Validate();

        Assert.Equal(("127.0.0.1", "127.0.0.1", 0), (settings.Address, settings.HttpAddress, settings.HttpPort));
    }
}
