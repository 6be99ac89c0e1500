using FwdLLM.Cli.Jobs;
using FwdLLM.Cli.Running;
using FwdLLM.Cli.Settings;
using Spectre.Console;

namespace FwdLLM.Cli;

/// <summary>What the commands get from their surroundings; tests give their own.</summary>
public sealed record CliContext
{
    /// <summary>Standard output: results only.</summary>
    public required TextWriter Output { get; init; }

    /// <summary>Standard error: progress and errors.</summary>
    public required TextWriter Error { get; init; }

    /// <summary>Standard output is a terminal on which a panel can be redrawn.</summary>
    public bool Interactive { get; init; }

    /// <summary>Colours may be used.</summary>
    public bool Colour { get; init; }

    /// <summary>Columns of the terminal; null to ask the terminal.</summary>
    public int? Width { get; init; }

    /// <summary>Carries out runs.</summary>
    public required IRunExecutor Executor { get; init; }

    /// <summary>Reaches clusters.</summary>
    public required IJobConnector Jobs { get; init; }

    /// <summary>The model and data that come with the program.</summary>
    public BundledAssets Assets { get; init; } = BundledAssets.Installed;

    /// <summary>Clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>The context of a real process.</summary>
    public static CliContext Process(IRunExecutor executor)
    {
        // https://no-color.org: any value that is not empty.
        var colour = string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));
        return new CliContext
        {
            Output = Console.Out,
            Error = Console.Error,
            Interactive = !Console.IsOutputRedirected && Environment.GetEnvironmentVariable("TERM") != "dumb",
            Colour = colour && !Console.IsOutputRedirected,
            Executor = executor,
            Jobs = new OrleansJobConnector(TimeProvider.System, Random.Shared.NextDouble),
        };
    }

    /// <summary>A console that writes tables to standard output.</summary>
    internal IAnsiConsole CreateConsole()
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(Output),
            Ansi = Interactive ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = Colour ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = Interactive ? InteractionSupport.Yes : InteractionSupport.No,
        });
        if (Width is { } width)
            console.Profile.Width = width;
        return console;
    }
}
