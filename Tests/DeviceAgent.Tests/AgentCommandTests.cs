namespace FwdLLM.DeviceAgent.Tests;

public sealed class AgentCommandTests
{
    private readonly StringWriter _output = new();
    private readonly StringWriter _error = new();
    private AgentArguments? _arguments;

    [Fact]
    public async Task Options_become_arguments()
    {
        var code = await RunAsync("--job", "j1", "--data", "train.csv", "--gateway", "10.0.0.1:30000", "--gateway", "silo-2:30001", "--devices", "100", "--hosts", "50-99", "--split", "dirichlet:0.3", "--artifacts-url", "http://10.0.0.1:8080");

        Assert.Equal(42, code);
        Assert.Equal(["10.0.0.1:30000", "silo-2:30001"], _arguments!.Cluster.Gateways);
        Assert.Equal((50, 50, 100), (_arguments.Fleet.FirstDevice, _arguments.Fleet.DeviceCount, _arguments.TotalDevices));
        Assert.Equal(new Uri("http://10.0.0.1:8080/"), _arguments.ArtifactsUrl);
        Assert.Equal("dirichlet:0.3", _arguments.Split);
        Assert.Null(_arguments.SplitSeed);
    }

    [Fact]
    public async Task Without_hosts_all_devices_are_hosted()
    {
        await RunAsync("--job", "j1", "--data", "train.csv", "--devices", "8");

        Assert.Equal((0, 8), (_arguments!.Fleet.FirstDevice, _arguments.Fleet.DeviceCount));
        Assert.False(_arguments.Exact);
    }

    [Fact]
    public async Task Exact_gradients_are_computed_on_request()
    {
        await RunAsync("--job", "j1", "--data", "train.csv", "--exact");

        Assert.True(_arguments!.Exact);
    }

    [Fact]
    public async Task Gateways_come_from_silos_over_http_or_from_the_cluster_s_own_server()
    {
        await RunAsync("--job", "j1", "--data", "train.csv", "--gateways-url", "http://10.0.0.1:8080", "https://silo-2/");
        Assert.Equal([new Uri("http://10.0.0.1:8080/"), new Uri("https://silo-2/")], _arguments!.Cluster.GatewayUrls);
        Assert.Empty(_arguments.Cluster.Gateways);

        await RunAsync("--job", "j1", "--data", "train.csv", "--clustering", "redis", "--clustering-connection", "host:6379,password=secret");
        Assert.Equal((ClusteringKind.Redis, "host:6379,password=secret"), (_arguments.Cluster.Clustering, _arguments.Cluster.ClusteringConnection));
        Assert.DoesNotContain("secret", _arguments.Cluster.ToString(), StringComparison.Ordinal);

        Assert.Equal(ExitCodes.Usage, await RunAsync("--job", "j1", "--data", "train.csv", "--clustering", "redis", "--clustering-connection", "h:1", "--gateway", "a:1"));
        Assert.Contains("the gateways are read from Redis and given as well", _error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--gateways-url", "silo", "--gateways-url is 'silo'; give an address such as")]
    [InlineData("--clustering", "mysql", "--clustering is 'mysql'; give redis or postgresql")]
    [InlineData("--clustering", "redis", "the server of Redis clustering is not given")]
    [InlineData("--clustering-connection", "h:1", "a clustering connection is given without the kind of its server")]
    [InlineData("--hosts", "5-10", "--hosts is '5-10'")]
    [InlineData("--hosts", "3-1", "--hosts is '3-1'")]
    [InlineData("--gateway", "nowhere", "gateway 'nowhere' is not host:port")]
    [InlineData("--gateway", "host:70000", "gateway 'host:70000' is not host:port")]
    [InlineData("--artifacts-url", "ftp://x", "--artifacts-url is 'ftp://x'")]
    [InlineData("--devices", "0", "--devices is 0")]
    public async Task Wrong_value_is_named_and_nothing_runs(string option, string value, string message)
    {
        string[] devices = option == "--devices" ? [] : ["--devices", "10"];

        var code = await RunAsync(["--job", "j1", "--data", "train.csv", .. devices, option, value]);

        Assert.Equal(ExitCodes.Usage, code);
        Assert.Contains(message, _error.ToString(), StringComparison.Ordinal);
        Assert.Null(_arguments);
    }

    [Fact]
    public async Task Failure_of_the_composition_ends_with_its_message_and_code_1()
    {
        var code = await AgentProgram.RunAsync(
            ["--job", "j1", "--data", "x.csv", "--split-seed", "7"], (_, _) => throw new AgentException("x.csv has no rows"), TimeProvider.System, () => 0.5, _output, _error);

        Assert.Equal(ExitCodes.Failure, code);
        Assert.Contains("x.csv has no rows", _error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_names_every_option()
    {
        var code = await AgentProgram.RunAsync(["--help"], (_, _) => throw new AgentException("not reached"), TimeProvider.System, () => 0.5, _output, _error);

        Assert.Equal(ExitCodes.Success, code);
        Assert.All(["--gateway", "--cluster-id", "--job", "--data", "--split", "--devices", "--hosts", "--artifacts", "--artifacts-url"], option => Assert.Contains(option, _output.ToString(), StringComparison.Ordinal));
    }

    private async Task<int> RunAsync(params string[] args)
    {
        var command = new AgentCommand((arguments, _) =>
        {
            _arguments = arguments;
            return Task.FromResult(42);
        });
        var parsed = command.Root.Parse(args);
        var code = await parsed.InvokeAsync(new() { Output = _output, Error = _error });
        return parsed.Errors.Count > 0 ? ExitCodes.Usage : code;
    }
}
