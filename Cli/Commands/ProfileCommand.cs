using System.CommandLine;
using System.Globalization;
using FwdLLM.Cli.Profiling;
using FwdLLM.Cli.Settings;
using FwdLLM.Cli.Views;
using FwdLLM.Modeling.Adapters;

namespace FwdLLM.Cli.Commands;

/// <summary><c>fwdllm profile</c>: which adapter makes most of a forward pass.</summary>
internal sealed class ProfileCommand
{
    private readonly CliContext _context;
    private readonly SettingOptions _settings;
    private readonly Argument<string?> _model = new("MODEL") { Description = "Checkpoint folder or GGUF file. Default: the model that comes with fwdllm.", Arity = ArgumentArity.ZeroOrOne };
    private readonly Option<string> _data = new("--data") { Description = "Public labelled rows: JSON Lines or CSV. Default: the set that comes with fwdllm.", HelpName = "FILE" };
    private readonly Option<string> _candidates = new("--candidates") { Description = $"Adapters to compare, separated by commas: {AdapterOption.Kinds}. Default: the common kinds on all layers and on the upper half.", HelpName = "LIST" };
    private readonly Option<string> _batchSize = new("--batch-size") { Description = "Examples in a device batch. Default: the recipe's.", HelpName = "N" };
    private readonly Option<string> _examples = new("--examples") { Description = $"Most examples to take gradients of. Default: {ProfileSettings.DefaultExamples}.", HelpName = "N" };
    private readonly Option<string> _job = new("--job") { Description = "Job file (YAML) whose recipe, model and data are used where nothing else is given.", HelpName = "FILE" };
    private readonly Option<string> _out = new("--out") { Description = "Job file to write the best adapter to, for fwdllm run --job; must be new.", HelpName = "FILE" };

    private ProfileCommand(CliContext context, Command command)
    {
        _context = context;
        command.Arguments.Add(_model);
        foreach (var option in new[] { _data, _candidates, _batchSize, _examples })
            command.Options.Add(option);
        _settings = new SettingOptions(command, ["text_column", "label_column", "skip_bad_rows", "algorithm", "seed", "max_tokens", "threads", "format"]);
        command.Options.Add(_job);
        command.Options.Add(_out);
        command.SetAction(RunAsync);
    }

    public static Command Create(CliContext context)
    {
        var command = new Command("profile", "Rank adapters by the progress they make per forward pass, on public text and without training: η = |g|⁴/(E|g_b|² tr H) at the fitted head.\nProgress goes to standard error, the table to standard output.\n\nExample: fwdllm profile models/all-MiniLM-L6-v2 --data public.jsonl --candidates lora-xs:8,lora-xs:8@3,bitfit --out adapter.yaml");
        _ = new ProfileCommand(context, command);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        var settings = Resolve(parsed);
        // Batches take turns on all threads for minutes; the caller's thread stays free.
        var report = await Task.Run(() => new Profiler(_context.Time, _context.Error.WriteLine).Run(settings, cancellation), cancellation);
        if (settings.Fragment is { } fragment)
            JobFragment.Write(fragment, report, settings.Run);
        if (settings.Run.Format == OutputFormat.Json)
            _context.Output.WriteLine(report.ToJsonLine());
        else
            Write(report);
        return ExitCodes.Success;
    }

    private void Write(ProfileReport report)
    {
        var console = _context.CreateConsole();
        // A log or a pipe has no width; figures broken over lines cannot be read.
        if (!_context.Interactive)
            console.Profile.Width = Math.Max(console.Profile.Width, 132);
        console.Write(ProfileView.Render(report));
    }

    private ProfileSettings Resolve(ParseResult parsed)
    {
        var raw = parsed.GetValue(_job) is { } job ? JobFile.Read(job) : new RawSettings();
        _settings.ReadInto(raw, parsed);
        if (parsed.GetValue(_model) is { } model)
            raw["model"] = new RawValue(model, "MODEL");
        if (parsed.GetValue(_data) is { } data)
            raw["train"] = raw["test"] = new RawValue(data, "--data");
        if (parsed.GetValue(_batchSize) is { } batchSize)
            raw.AlgorithmOptions["batch_size"] = new RawValue(batchSize, "--batch-size");
        // Those of the run to come, of which nothing is written here.
        (raw["out"], raw["id"], raw["adapter"]) = (null, null, null);
        var errors = new List<string>();
        var run = Collect(errors, () => new RunSettingsBuilder(raw, _context.Assets, _context.Time.GetLocalNow()).Build());
        var candidates = parsed.GetValue(_candidates) is { } list ? Collect<IReadOnlyList<AdapterSpec>>(errors, () => CandidateList.Parse(list)) : null;
        var examples = Examples(parsed.GetValue(_examples), errors);
        if (run is { Algorithm.ImportanceSampling: true })
            errors.Add("importance_sampling is true; a profile measures plain batches. Switch it off for the profile.");
        var fragment = parsed.GetValue(_out) is { } path ? Path.GetFullPath(path) : null;
        if (fragment is not null && (File.Exists(fragment) || Directory.Exists(fragment)))
            errors.Add($"--out is \"{fragment}\", which exists already; name a new file.");
        // One file stands for training and test rows, and is wrong once.
        return errors.Count == 0 ? new ProfileSettings(run!, candidates, examples, fragment) : throw new InputException([.. errors.Distinct()]);
    }

    private static int Examples(string? text, List<string> errors)
    {
        if (text is null)
            return ProfileSettings.DefaultExamples;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= 1)
            return value;
        errors.Add($"--examples is \"{text}\"; give a whole number from 1 up.");
        return ProfileSettings.DefaultExamples;
    }

    private static T? Collect<T>(List<string> errors, Func<T> read)
        where T : class
    {
        try
        {
            return read();
        }
        catch (InputException e)
        {
            errors.AddRange(e.Errors);
            return null;
        }
    }
}
