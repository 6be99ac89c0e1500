using System.CommandLine;
using System.CommandLine.Invocation;
using FwdLLM.Cli.Commands;
using FwdLLM.Cli.Running;
using FwdLLM.Cli.Settings;
using FwdLLM.DeviceAgent.Data;
using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Exports;

namespace FwdLLM.Cli;

/// <summary>The command <c>fwdllm</c>: parses, runs one command, turns what goes wrong into one line and an exit code.</summary>
public static class CommandLine
{
    /// <summary>Runs a command line to its exit code.</summary>
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, CliContext context, CancellationToken cancellation = default)
    {
        var root = Build(context);
        var parsed = root.Parse(arguments, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Action is ParseErrorAction)
            return Refuse(parsed, context);
        try
        {
            var invocation = new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null, Output = context.Output, Error = context.Error };
            return await parsed.InvokeAsync(invocation, cancellation);
        }
        catch (InputException e)
        {
            return Fail(context, ExitCodes.BadInput, e.Errors);
        }
        catch (Exception e) when (e is DataException or CheckpointException or ExportException)
        {
            return Fail(context, ExitCodes.BadInput, [e.Message]);
        }
        catch (Exception e) when (e is RunException or IOException or UnauthorizedAccessException or InvalidDataException or OrleansException or TimeoutException)
        {
            return Fail(context, ExitCodes.Failed, [e.Message]);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            context.Error.WriteLine("interrupted.");
            return ExitCodes.Interrupted;
        }
    }

    private static RootCommand Build(CliContext context)
    {
        var root = new RootCommand("Fine-tunes language models on text that never leaves its device: federated forward gradients on an Orleans cluster.\nExit codes: 0 done, 1 failed, 2 bad input, 130 interrupted. NO_COLOR switches colours off.");
        root.Subcommands.Add(RunCommand.Create(context));
        root.Subcommands.Add(ProfileCommand.Create(context));
        root.Subcommands.Add(ModelCommand.Create(context));
        root.Subcommands.Add(JobCommand.Create(context));
        root.Subcommands.Add(ExportCommand.Create(context));
        root.Subcommands.Add(ReplayCommand.Create(context));
        return root;
    }

    private static int Refuse(ParseResult parsed, CliContext context)
    {
        var command = parsed.CommandResult.Command;
        string[] names = [.. command.Options.Select(option => option.Name), .. command.Subcommands.Select(sub => sub.Name), "--help"];
        // The parser answers one mistyped option with several errors; the operator needs the one that names it.
        var errors = parsed.UnmatchedTokens.Count > 0
            ? parsed.UnmatchedTokens.Where(token => token.StartsWith('-') || command.Subcommands.Count > 0).DefaultIfEmpty(parsed.UnmatchedTokens[0]).Select(token => $"{token} is not known here; {Suggest(token, names)}")
            : command.Subcommands.Count > 0
                ? [$"no command is given; there are {string.Join(", ", command.Subcommands.Select(sub => sub.Name))}."]
                : parsed.Errors.Select(error => error.Message).Distinct();
        Fail(context, ExitCodes.BadInput, [.. errors]);
        context.Error.WriteLine($"See {Path(parsed)} --help.");
        return ExitCodes.BadInput;
    }

    private static string Suggest(string token, string[] names) =>
        NearestName.Find(token, names) is { } nearest ? $"did you mean {nearest}?" : $"leave it out, or put text with spaces in quotes.";

    private static string Path(ParseResult parsed) => parsed.CommandResult.Command is RootCommand ? "fwdllm" : $"fwdllm {string.Join(' ', Ancestors(parsed.CommandResult.Command))}";

    private static IEnumerable<string> Ancestors(Command command) =>
        command.Parents.OfType<Command>().Where(parent => parent is not RootCommand).SelectMany(Ancestors).Append(command.Name);

    private static int Fail(CliContext context, int code, IReadOnlyList<string> errors)
    {
        foreach (var error in errors)
            context.Error.WriteLine($"error: {error}");
        return code;
    }
}
