using System.CommandLine;
using FwdLLM.Cli.Running;
using FwdLLM.Cli.Settings;
using FwdLLM.Cli.Views;

namespace FwdLLM.Cli.Commands;

/// <summary><c>fwdllm run</c>: a whole run on this machine.</summary>
internal sealed class RunCommand
{
    /// <summary>What may be given anew when a run is continued: nothing that changes its result.</summary>
    private static readonly string[] Continuable = ["format", "threads"];

    private readonly CliContext _context;
    private readonly SettingOptions _settings;
    private readonly Option<string> _job = new("--job") { Description = "Job file (YAML) with any of these settings, and the recipe's under algorithm_options. The command line wins.", HelpName = "FILE" };
    private readonly Option<string> _continue = new("--continue") { Description = "Go on with the interrupted run in this output folder. Only --format and --threads may be given besides.", HelpName = "DIR" };

    private RunCommand(CliContext context, Command command)
    {
        _context = context;
        _settings = new SettingOptions(command);
        command.Options.Add(_job);
        command.Options.Add(_continue);
        command.SetAction(RunAsync);
    }

    public static Command Create(CliContext context)
    {
        var command = new Command("run", "Fine-tune on this machine with simulated devices: one process holds the cluster and all devices.\nProgress goes to a live panel, or as lines to standard error; the result to standard output.\n\nExample: fwdllm run --devices 20 --split dirichlet:0.5 --max-passes 20000 --out runs/first");
        _ = new RunCommand(context, command);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        var settings = Resolve(parsed);
        if (!settings.Continue)
            RunFolder.Create(settings);
        IRunView view = settings.Format == OutputFormat.Table && _context.Interactive
            ? new LiveRunView(_context.CreateConsole(), _context.Time, settings.Id)
            : new PlainRunView(_context.Error, _context.Time);
        RunSummary summary;
        try
        {
            summary = await view.ShowAsync(observer => _context.Executor.ExecuteAsync(settings, observer, cancellation));
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            _context.Error.WriteLine($"interrupted; go on with: fwdllm run --continue {Quoted(settings.Output)}");
            return ExitCodes.Interrupted;
        }

        catch when (!settings.Continue)
        {
            RunFolder.Discard(settings);
            throw;
        }

        RunFolder.Finish(settings, summary);
        if (settings.Format == OutputFormat.Json)
            _context.Output.WriteLine(RunFolder.ToJsonLine(summary));
        else
            _context.CreateConsole().Write(SummaryView.Render(summary));
        return ExitCodes.Success;
    }

    private RunSettings Resolve(ParseResult parsed)
    {
        if (parsed.GetValue(_continue) is { } folder)
            return Continue(folder, parsed);
        var raw = parsed.GetValue(_job) is { } job ? JobFile.Read(job) : new RawSettings();
        _settings.ReadInto(raw, parsed);
        return new RunSettingsBuilder(raw, _context.Assets, _context.Time.GetLocalNow()).Build();
    }

    private RunSettings Continue(string folder, ParseResult parsed)
    {
        var raw = new RawSettings();
        _settings.ReadInto(raw, parsed);
        var errors = raw.Names.Except(Continuable).Select(name => $"{raw[name]!.Where} cannot be given with --continue; a run goes on with the settings it was started with.").ToList();
        if (parsed.GetValue(_job) is not null)
            errors.Add("--job cannot be given with --continue; a run goes on with the settings it was started with.");
        if (errors.Count > 0)
            throw new InputException(errors);
        return RunSettingsBuilder.Adjust(RunFolder.Open(folder), raw);
    }

    private static string Quoted(string path) => path.Contains(' ', StringComparison.Ordinal) ? $"\"{path}\"" : path;
}
