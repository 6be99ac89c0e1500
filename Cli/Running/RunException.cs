namespace FwdLLM.Cli.Running;

/// <summary>A run that started and could not be finished. The message names what failed and what to do.</summary>
public sealed class RunException : Exception
{
    public RunException(string message)
        : base(message)
    {
    }

    public RunException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
