namespace FwdLLM.DeviceAgent;

/// <summary>How the agent's process ends.</summary>
public static class ExitCodes
{
    /// <summary>The job ended.</summary>
    public const int Success = 0;

    /// <summary>Something failed; the message says what.</summary>
    public const int Failure = 1;

    /// <summary>The command line is wrong.</summary>
    public const int Usage = 2;

    /// <summary>The cluster refused at least one device.</summary>
    public const int Refused = 3;

    /// <summary>Stopped by Ctrl-C or SIGTERM.</summary>
    public const int Cancelled = 130;
}
