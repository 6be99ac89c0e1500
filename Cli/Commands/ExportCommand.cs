using System.CommandLine;
using FwdLLM.Cli.Running;
using FwdLLM.Cli.Settings;
using FwdLLM.Modeling.Exports;

namespace FwdLLM.Cli.Commands;

/// <summary><c>fwdllm export</c>: writes what a run came to in the formats of other programs.</summary>
internal static class ExportCommand
{
    public static Command Create(CliContext context)
    {
        var run = new Argument<string>("RUN") { Description = "Output folder of a run that has ended." };
        var (formats, target) = (FormatOption(), TargetOption());
        var command = new Command("export", "Write the result of a run for other programs. Each format has its own file names, so that they share one folder.\n\nExample: fwdllm export runs/first --format onnx,peft --target first-model") { run, formats, target };
        command.SetAction((parsed, cancellation) =>
        {
            var names = Formats(parsed, formats);
            var folder = Target(parsed, target);
            var settings = RunFolder.OpenFinished(parsed.GetRequiredValue(run));
            var result = RunResult.Read(settings.Output);
            ExportFormats.Write(names, result.Trained(settings, LocalRunExecutor.Compile(settings, () => RunData.Load(settings).Train.Texts, context.Error.WriteLine, cancellation)), folder);
            context.Output.WriteLine($"{folder}: version {result.Snapshot.Version} of run {settings.Id} as {string.Join(", ", names)}");
            return Task.FromResult(ExitCodes.Success);
        });
        return command;
    }

    public static Option<string> FormatOption() =>
        new("--format") { Description = $"Formats, separated by commas: {string.Join(", ", ExportFormats.Names)}. Default: peft.", HelpName = "LIST" };

    public static Option<string> TargetOption() => new("--target") { Description = "Folder to write; must be new or empty.", HelpName = "DIR", Required = true };

    public static IReadOnlyList<string> Formats(ParseResult parsed, Option<string> option) =>
        parsed.GetValue(option) is { } text ? ExportOption.Parse(text) : ExportOption.Default;

    /// <exception cref="InputException">Something is there.</exception>
    public static string Target(ParseResult parsed, Option<string> option)
    {
        var folder = Path.GetFullPath(parsed.GetRequiredValue(option));
        return File.Exists(folder) || (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any())
            ? throw new InputException($"{option.Name} is \"{folder}\", which is not empty; name a new folder.")
            : folder;
    }
}
