using System.CommandLine;
using System.Text.Json;
using FwdLLM.Cli.Journals;
using FwdLLM.Cli.Running;
using FwdLLM.Cli.Views;
using FwdLLM.DeviceAgent;
using FwdLLM.Grains;
using FwdLLM.Grains.Interfaces;
using Spectre.Console;

namespace FwdLLM.Cli.Commands;

/// <summary><c>fwdllm replay</c>: rebuilds a job's adapter from its journal and compares every hash.</summary>
internal sealed class ReplayCommand
{
    private readonly CliContext _context;
    private readonly Argument<string> _journal = new("JOURNAL") { Description = "File from fwdllm job journal, output folder of fwdllm run, or id of a job on a cluster." };
    private readonly ClusterArguments _cluster = new();
    private readonly Option<string> _expect = new("--expect") { Description = "SHA-256 of the adapter, as the run or the job told it: also compared.", HelpName = "HEX" };
    private readonly Option<string> _format = new("--format") { Description = "table or json: one object on the last line. Default: table.", HelpName = "FORMAT" };

    private ReplayCommand(CliContext context, Command command)
    {
        _context = context;
        command.Arguments.Add(_journal);
        foreach (var option in (IEnumerable<Option>)[.. _cluster.All, _expect, _format]) command.Options.Add(option);
        command.SetAction(RunAsync);
    }

    public static Command Create(CliContext context)
    {
        var command = new Command("replay", "Rebuild a job's adapter from its journal, step by step, and compare it bit for bit. Needs no model and nobody's data.\nWhat was changed, is missing, or was reordered, duplicated or appended is named. Exit code 1 when anything is not equal.\n\nExample: fwdllm replay mail-tone.fwj");
        _ = new ReplayCommand(context, command);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        var json = JobCommand.IsJson(parsed.GetValue(_format) ?? "table");
        var (name, expected) = (parsed.GetRequiredValue(_journal), parsed.GetValue(_expect));
        if (expected is not null && (expected.Length != 64 || !expected.All(char.IsAsciiHexDigit)))
            throw new InputException($"--expect is \"{expected}\"; give the 64 hex digits of an adapter's SHA-256.");
        if (!_cluster.IsGiven(parsed) && Path.Exists(name)) return await ReplayFileAsync(name, expected, json, cancellation);
        if (!JobSpecValidator.IsId(name)) throw new InputException($"\"{name}\" is no file, no folder and no job id; give one of them.");
        await using var cluster = await JobCommand.ConnectAsync(_context, _cluster, parsed, cancellation);
        var journal = await cluster.JournalAsync(name, cancellation) ?? throw new InputException($"job {name} has no journal yet on this cluster; see fwdllm job status {name}.");
        return await ReplayAsync(journal, expected, json, cancellation);
    }

    private async Task<int> ReplayFileAsync(string path, string? expected, bool json, CancellationToken cancellation)
    {
        var told = expected;
        if (Directory.Exists(path))
        {
            told ??= ReadSummary(path);
            path = Path.Combine(path, JournalFile.InRun);
        }

        using var file = await JournalFile.OpenAsync(path, cancellation);
        return await ReplayAsync(file, told, json, cancellation);
    }

    private async Task<int> ReplayAsync(IJournalSource journal, string? expected, bool json, CancellationToken cancellation)
    {
        var started = _context.Time.GetTimestamp();
        var summary = new ReplaySummary { Job = journal.Head.Spec.Id, Rounds = journal.Head.Version, First = journal.Head.First, Equal = false, Seconds = 0 };
        try
        {
            summary = summary.With(await new JournalReplay(new JobTrainingFactory()).RunAsync(journal, new RoundLines(_context, "replayed", journal.Head.Version).Report, cancellation));
            var equal = expected is null || string.Equals(expected, summary.AdapterSha256, StringComparison.OrdinalIgnoreCase);
            summary = summary with { Equal = equal, Error = equal ? null : $"The journal agrees with itself and comes to adapter {summary.AdapterSha256}, but {expected} was expected: it is another run's, or was rewritten as a whole." };
        }
        catch (Exception e) when (e is InvalidDataException or JobInvalidException or ArgumentException or ArithmeticException)
        {
            // The last two: numbers that pass every bound, yet not the mathematics.
            summary = summary with { Error = e.Message };
        }

        Write(summary with { Seconds = Math.Round(_context.Time.GetElapsedTime(started).TotalSeconds, 3) }, json);
        return summary.Equal ? ExitCodes.Success : ExitCodes.Failed;
    }

    private void Write(ReplaySummary summary, bool json)
    {
        if (summary.Error is { } error) _context.Error.WriteLine($"error: {error}");
        if (json) _context.Output.WriteLine(summary.ToJson());
        else if (summary.AdapterSha256 is not null) _context.CreateConsole().Write(Render(summary));
    }

    private static Table Render(ReplaySummary summary)
    {
        var table = new Table().Border(TableBorder.Rounded).Title(Markup.Escape($"{summary.Job}: {(summary.Equal ? "equal, bit for bit" : "NOT equal")}"));
        table.AddColumn(new TableColumn("replay").NoWrap());
        table.AddColumn("value");
        void Row(string name, string value) => table.AddRow(new Text(name), new Text(value));
        Row("rounds", summary.First == 0 ? Quantity.Count(summary.Rounds) : $"{Quantity.Count(summary.First)} (checkpoint) to {Quantity.Count(summary.Rounds)}");
        Row("contributions", Quantity.Count(summary.Contributions!.Value));
        Row("journal", Quantity.Bytes(summary.JournalBytes!.Value));
        Row("time", Quantity.Duration(TimeSpan.FromSeconds(summary.Seconds)));
        Row("adapter SHA-256", summary.AdapterSha256!);
        Row("journal hash", summary.JournalHash!);
        return table;
    }

    private static string ReadSummary(string folder)
    {
        var (path, journal) = (Path.Combine(folder, RunFolder.SummaryFile), Path.Combine(folder, JournalFile.InRun));
        if (!File.Exists(path) || !File.Exists(journal))
            throw new InputException($"\"{folder}\" holds no run that has ended ({RunFolder.SummaryFile} or {JournalFile.InRun} is missing); give the output folder of fwdllm run, or go on with fwdllm run --continue.");
        try
        {
            using var summary = JsonDocument.Parse(File.ReadAllText(path));
            return summary.RootElement.GetProperty("adapter_sha256").GetString() ?? "";
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new InputException($"{path} cannot be read: {e.Message}");
        }
    }
}
