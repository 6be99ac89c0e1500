using System.CommandLine;
using System.Globalization;
using FwdLLM.DeviceAgent.Faults;
using FwdLLM.Learning.Tasks;

namespace FwdLLM.DeviceAgent;

/// <summary>The agent's command line: options, their checks, and <see cref="AgentArguments"/> from them.</summary>
public sealed class AgentCommand
{
    private readonly ClusterArguments _cluster = new();
    private readonly Option<string> _job = new("--job") { Description = "The job to work for.", Required = true, HelpName = "id" };
    private readonly Option<string> _data = new("--data") { Description = "File with the private examples (CSV, JSON lines; .gz too).", Required = true, HelpName = "file" };
    private readonly Option<string?> _task = new("--task") { Description = "What the rows are: classification, qa, causal-lm or prompt. The job's task when not given; with --split-seed, classification.", HelpName = "kind" };
    private readonly Option<string> _split = new("--split") { Description = "How rows are dealt to devices: iid, dirichlet:ALPHA or by:COLUMN.", DefaultValueFactory = _ => "iid", HelpName = "rule" };
    private readonly Option<ulong?> _splitSeed = new("--split-seed") { Description = "Seed of the dealing; the same in every process of a fleet. The job's seed when not given.", HelpName = "number" };
    private readonly Option<string> _textColumn = new("--text-column") { Description = "Column of the text.", DefaultValueFactory = _ => "text", HelpName = "name" };
    private readonly Option<string> _labelColumn = new("--label-column") { Description = "Column of the label.", DefaultValueFactory = _ => "label", HelpName = "name" };
    private readonly Option<int> _devices = new("--devices") { Description = "Virtual devices in all processes together.", DefaultValueFactory = _ => 1, HelpName = "total" };
    private readonly Option<string?> _hosts = new("--hosts") { Description = "Devices hosted here, numbers from 0, for example 0-49. All of them when not given.", HelpName = "A-B" };
    private readonly Option<int> _concurrent = new("--max-concurrent") { Description = "Computations at a time.", DefaultValueFactory = _ => Environment.ProcessorCount, HelpName = "number" };
    private readonly Option<string> _artifacts = new("--artifacts") { Description = "Folder of compiled models.", DefaultValueFactory = _ => "fwdllm-artifacts", HelpName = "dir" };
    private readonly Option<string?> _artifactsUrl = new("--artifacts-url") { Description = "A silo's HTTP address, where models missing in the folder are fetched.", HelpName = "url" };

    private readonly Option<double> _responseTimeout = new("--response-timeout")
    {
        Description = "Seconds after which a call is given up and made again. Check-ins wait for work four fifths of it: 2 finds its way round a dead silo sooner, and idle devices ask more often.",
        DefaultValueFactory = _ => new ResilienceOptions().ResponseTimeout.TotalSeconds,
        HelpName = "seconds",
    };

    private readonly Option<bool> _exact = new("--exact") { Description = "The devices hosted here have memory for exact gradients, and answer with these instead of directional derivatives." };

    private readonly Option<string?> _messageFaults = new("--message-faults") { Description = "TEST EQUIPMENT, see docs/faults.md: what becomes of this process's messages.", HelpName = "name=value,…" };
    private readonly Option<string?> _receipts = new("--receipts") { Description = "TEST EQUIPMENT: file in which every receipt is noted.", HelpName = "file" };

    /// <summary>Creates the command.</summary>
    /// <param name="run">Called with checked arguments; returns the exit code.</param>
    public AgentCommand(Func<AgentArguments, CancellationToken, Task<int>> run)
    {
        Root = new RootCommand("Runs devices of a federated fine-tuning job: they compute on the data given here, which never leaves this process.")
        {
            _job, _data, _task, _devices, _hosts, _split, _splitSeed, _textColumn, _labelColumn, _artifacts, _artifactsUrl, _concurrent, _responseTimeout, _exact, _messageFaults, _receipts,
        };
        foreach (var option in _cluster.All)
            Root.Options.Add(option);
        Root.SetAction(async (parsed, cancellation) =>
        {
            AgentArguments arguments;
            try
            {
                arguments = Read(parsed);
            }
            catch (ArgumentException e)
            {
                await parsed.InvocationConfiguration.Error.WriteLineAsync($"device-agent: {e.Message} See --help.");
                return ExitCodes.Usage;
            }

            return await run(arguments, cancellation);
        });
    }

    /// <summary>The command for parsing.</summary>
    public RootCommand Root { get; }

    private AgentArguments Read(ParseResult parsed)
    {
        var devices = Number(parsed, _devices, 99_999_999);
        var (first, count) = Hosts(parsed.GetValue(_hosts), devices);
        var seconds = parsed.GetValue(_responseTimeout);
        if (!(seconds is >= 0.5 and <= 30))
            throw new ArgumentException($"{_responseTimeout.Name} is {seconds.ToString(CultureInfo.InvariantCulture)}; give seconds from 0.5 to 30.");
        var resilience = new ResilienceOptions().WithResponseTimeout(TimeSpan.FromSeconds(seconds));
        return new AgentArguments
        {
            Cluster = _cluster.Read(parsed) with { Resilience = resilience },
            Fleet = new FleetOptions
            {
                JobId = parsed.GetValue(_job)!,
                FirstDevice = first,
                DeviceCount = count,
                MaxConcurrentWork = Number(parsed, _concurrent, 4096),
                Session = new SessionOptions { CheckInWait = resilience.LongPollWait },
            },
            TotalDevices = devices,
            Task = ParseTask(parsed.GetValue(_task)),
            DataFile = parsed.GetValue(_data)!,
            Split = parsed.GetValue(_split)!,
            SplitSeed = parsed.GetValue(_splitSeed),
            TextColumn = parsed.GetValue(_textColumn)!,
            LabelColumn = parsed.GetValue(_labelColumn)!,
            Exact = parsed.GetValue(_exact),
            MessageFaults = parsed.GetValue(_messageFaults) is { } faults ? MessageFaultOptions.Parse(faults) : null,
            ReceiptsFile = parsed.GetValue(_receipts),
            ArtifactsFolder = parsed.GetValue(_artifacts)!,
            ArtifactsUrl = parsed.GetValue(_artifactsUrl) is { } url ? HttpAddress.Parse(url, _artifactsUrl.Name) : null,
        };
    }

    private static int Number(ParseResult parsed, Option<int> option, int most) =>
        parsed.GetValue(option) is var value && value >= 1 && value <= most ? value : throw new ArgumentException($"{option.Name} is {value}; give a number from 1 to {most}.");

    private static (int First, int Count) Hosts(string? text, int devices)
    {
        if (text is null)
            return (0, devices);
        var parts = text.Split('-');
        if (parts.Length is 1 or 2
            && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var first)
            && int.TryParse(parts[^1], NumberStyles.None, CultureInfo.InvariantCulture, out var last)
            && first <= last
            && last < devices)
            return (first, last - first + 1);
        throw new ArgumentException($"--hosts is '{text}'; give A-B with 0 ≤ A ≤ B ≤ {devices - 1}, the last of {devices} devices (--devices).");
    }

    private static TaskKind? ParseTask(string? text) => text is null ? null : TaskNames.Find(text)
        ?? throw new ArgumentException($"--task is '{text}'; give one of {string.Join(", ", TaskNames.All)}.");
}
