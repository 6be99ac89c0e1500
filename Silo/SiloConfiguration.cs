using System.Globalization;

namespace FwdLLM.Silo;

/// <summary>
/// Reads <see cref="SiloSettings"/> from, each over the one before: built-in defaults, a JSON file, environment variables, command line.
/// One name everywhere: <c>--gateway-port</c>, <c>FWDLLM_SILO_GATEWAY_PORT</c>, <c>"gatewayPort"</c>.
/// </summary>
public static class SiloConfiguration
{
    private const string EnvironmentPrefix = "FWDLLM_SILO_";
    private const string ConfigOption = "config";

    private static readonly Setting[] Settings =
    [
        new("cluster-id", "id", "cluster the silo belongs to [fwdllm]", (s, v) => s with { ClusterId = v }),
        new("service-id", "id", "service, part of storage keys [fwdllm]", (s, v) => s with { ServiceId = v }),
        new("address", "ip", "address to listen on and to tell others [127.0.0.1]", (s, v) => s with { Address = v }),
        new("silo-port", "port", "port for other silos [11111]", (s, v) => s with { SiloPort = Number("silo-port", v) }),
        new("gateway-port", "port", "port for devices and the command line [30000]", (s, v) => s with { GatewayPort = Number("gateway-port", v) }),
        new("primary-silo-port", "port", "silo port of the first silo on this machine; 0: this is the first [0]", (s, v) => s with { PrimarySiloPort = Number("primary-silo-port", v) }),
        new("http-port", "port", "port of health, artifacts and dashboard; 0: none [8080]", (s, v) => s with { HttpPort = Number("http-port", v) }),
        new("http-address", "ip", "address of HTTP; it has no login, so open it on trusted networks only [127.0.0.1]", (s, v) => s with { HttpAddress = v }),
        new("storage", "kind", "where grain state is kept: sqlite, redis or postgresql [sqlite]", (s, v) => s with { Storage = Kind<StorageKind>("storage", v) }),
        new("storage-connection", "text", "its server; may hold a password, so better an environment variable", (s, v) => s with { StorageConnection = v }),
        new("clustering", "kind", "where silos find each other: localhost, redis or postgresql [localhost]", (s, v) => s with { Clustering = Kind<ClusteringKind>("clustering", v) }),
        new("clustering-connection", "text", "its server [that of the storage when of the same kind]", (s, v) => s with { ClusteringConnection = v }),
        new("storage-folder", "dir", "folder of the SQLite database [fwdllm-data]", (s, v) => s with { StorageFolder = v }),
        new("artifacts-folder", "dir", "folder of compiled models [fwdllm-artifacts]", (s, v) => s with { ArtifactsFolder = v }),
        new("dashboard", "true|false", "show the dashboard at /dashboard, to this machine only [true]", (s, v) => s with { Dashboard = Switch("dashboard", v) }),
        new("response-timeout", "seconds", "longest call between grains [15]", (s, v) => s with { Timings = s.Timings with { ResponseTimeout = Seconds("response-timeout", v) } }),
        new("max-queued-requests", "number", "requests that may wait for one grain [10000]", (s, v) => s with { MaxQueuedRequests = Number("max-queued-requests", v) }),
        new("load-shedding", "true|false", "refuse devices while processor or memory are used up [false]", (s, v) => s with { LoadShedding = Switch("load-shedding", v) }),
        new("probe-timeout", "seconds", "how often silos probe each other [1]", (s, v) => s with { Timings = s.Timings with { ProbeTimeout = Seconds("probe-timeout", v) } }),
        new("missed-probes", "number", "missed probes until a silo is suspected [2]", (s, v) => s with { Timings = s.Timings with { MissedProbes = Number("missed-probes", v) } }),
        new("refused-for", "seconds", "a silo whose port refuses connections for so long is out at once; 0: wait for the probes [0.1]", (s, v) => s with { Timings = s.Timings with { RefusedFor = Seconds("refused-for", v) } }),
        new("fault", "plan", "TEST EQUIPMENT, see docs/faults.md: where and how this silo harms itself [none]", (s, v) => s with { Fault = v }),
        new("fault-folder", "dir", "TEST EQUIPMENT: where a fault that has happened is noted, so that it happens once [none]", (s, v) => s with { FaultFolder = v }),
        new("shutdown-timeout", "seconds", "time for a clean stop [20]", (s, v) => s with { Timings = s.Timings with { ShutdownTimeout = Seconds("shutdown-timeout", v) } }),
    ];

    /// <summary>What <c>--help</c> prints.</summary>
    public static string Help { get; } = string.Join('\n',
    [
        "Runs one silo of a FwdLLM cluster until it is stopped.",
        "",
        "Usage: FwdLLM.Silo [options]",
        "",
        .. Settings.Select(setting => $"  {$"--{setting.Name} <{setting.Form}>",-34} {setting.Description}"),
        $"  {"--config <file>",-34} JSON file with the same names, for example {{\"gatewayPort\": 30001}}",
        $"  {"--help",-34} this text",
        "",
        $"Each option is also an environment variable: --gateway-port is {EnvironmentPrefix}GATEWAY_PORT.",
        "The command line counts most, then the environment, then the file.",
        "Exit codes: 0 stopped cleanly, 1 failed, 2 wrong settings.",
    ]);

    /// <summary>Settings from all sources, validated.</summary>
    /// <exception cref="ArgumentException">An unknown name (the nearest known one is given), or a wrong value.</exception>
    public static SiloSettings Read(IReadOnlyList<string> args)
    {
        var line = CommandLine(args);
        var builder = new ConfigurationBuilder().AddInMemoryCollection([new("http-port", "8080")]);
        var file = line.GetValueOrDefault(ConfigOption);
        var sources = new List<IConfiguration> { builder.Build() };
        if (file is not null)
            sources.Add(File(file));
        sources.Add(new ConfigurationBuilder().AddEnvironmentVariables(EnvironmentPrefix).Build());
        sources.Add(new ConfigurationBuilder().AddInMemoryCollection(line.Where(pair => pair.Key != ConfigOption)).Build());

        var settings = new SiloSettings();
        foreach (var source in sources)
            foreach (var (name, value) in source.AsEnumerable())
                settings = Find(name).Apply(settings, value ?? throw new ArgumentException($"setting '{name}' has no plain value; give text, a number, true or false."));
        settings.Validate();
        return settings;
    }

    private static Dictionary<string, string?> CommandLine(IReadOnlyList<string> args)
    {
        var values = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        for (var i = 0; i < args.Count; i++)
        {
            if (!args[i].StartsWith("--", StringComparison.Ordinal))
                throw new ArgumentException($"'{args[i]}' is not an option; options begin with --. See --help.");
            var (name, value) = args[i].IndexOf('=') is var equals and > 0
                ? (args[i][2..equals], args[i][(equals + 1)..])
                : (args[i][2..], i + 1 < args.Count ? args[++i] : throw new ArgumentException($"{args[i]} needs a value. See --help."));
            if (!values.TryAdd(name, value))
                throw new ArgumentException($"--{name} is given twice.");
        }

        return values;
    }

    private static IConfiguration File(string path)
    {
        if (!System.IO.File.Exists(path))
            throw new ArgumentException($"--config is '{path}', which does not exist.");
        try
        {
            return new ConfigurationBuilder().AddJsonFile(Path.GetFullPath(path)).Build();
        }
        catch (InvalidDataException e)
        {
            throw new ArgumentException($"--config '{path}' cannot be read: {e.InnerException?.Message ?? e.Message}", e);
        }
    }

    private static Setting Find(string name) =>
        Array.Find(Settings, setting => Plain(setting.Name) == Plain(name))
        ?? throw new ArgumentException($"there is no setting '{name}'; the nearest is '{Settings.MinBy(setting => Distance(Plain(setting.Name), Plain(name)))!.Name}'. See --help.");

    private static string Plain(string name) => name.Replace("-", "").Replace("_", "").ToLowerInvariant();

    /// <summary>Levenshtein distance.</summary>
    private static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
                (diagonal, row[j]) = (row[j], Math.Min(Math.Min(row[j], row[j - 1]) + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)));
        }

        return row[^1];
    }

    private static int Number(string name, string value) =>
        int.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : throw new ArgumentException($"{name} is '{value}'; give a whole number.");

    private static bool Switch(string name, string value) =>
        bool.TryParse(value, out var on) ? on : throw new ArgumentException($"{name} is '{value}'; give true or false.");

    private static T Kind<T>(string name, string value)
        where T : struct, Enum =>
        Enum.TryParse<T>(value, ignoreCase: true, out var kind) && Enum.GetNames<T>().Contains(value, StringComparer.OrdinalIgnoreCase)
            ? kind
            : throw new ArgumentException($"{name} is '{value}'; give one of {string.Join(", ", Enum.GetNames<T>()).ToLowerInvariant()}.");

    private static TimeSpan Seconds(string name, string value) =>
        double.TryParse(value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) && seconds < 1e6
            ? TimeSpan.FromSeconds(seconds)
            : throw new ArgumentException($"{name} is '{value}'; give seconds.");

    private sealed record Setting(string Name, string Form, string Description, Func<SiloSettings, string, SiloSettings> Apply);
}
