namespace FwdLLM.Inference;

/// <summary>A compiled model cannot be loaded or run, or its results are not numbers. The message names the graph and the remedy.</summary>
public sealed class InferenceException : Exception
{
    /// <summary>Creates the error.</summary>
    public InferenceException(string message) : base(message)
    {
    }

    /// <summary>Creates the error with what caused it.</summary>
    public InferenceException(string message, Exception inner) : base(message, inner)
    {
    }
}
