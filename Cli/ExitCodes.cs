namespace FwdLLM.Cli;

/// <summary>Exit codes of every command.</summary>
public static class ExitCodes
{
    /// <summary>Done.</summary>
    public const int Success = 0;

    /// <summary>The input was right and the work failed.</summary>
    public const int Failed = 1;

    /// <summary>An option, a job file, a model or a data file cannot be used.</summary>
    public const int BadInput = 2;

    /// <summary>Stopped by Ctrl-C or SIGTERM.</summary>
    public const int Interrupted = 130;
}
