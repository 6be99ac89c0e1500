namespace FwdLLM.Cli;

/// <summary>What the operator asked for cannot be done. Each error names the thing, its value and the remedy; all are known before anything starts.</summary>
public sealed class InputException(IReadOnlyList<string> errors) : Exception(string.Join('\n', errors))
{
    public InputException(string error)
        : this([error])
    {
    }

    /// <summary>One line each.</summary>
    public IReadOnlyList<string> Errors { get; } = errors;
}
