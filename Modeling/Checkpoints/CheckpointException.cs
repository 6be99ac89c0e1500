namespace FwdLLM.Modeling.Checkpoints;

/// <summary>A model, tokenizer or adapter file is missing, damaged or of a kind that is not supported. The message names the file, the value and the remedy.</summary>
public sealed class CheckpointException : Exception
{
    /// <summary>Creates the error.</summary>
    public CheckpointException(string message) : base(message)
    {
    }

    /// <summary>Creates the error with what caused it.</summary>
    public CheckpointException(string message, Exception inner) : base(message, inner)
    {
    }
}
