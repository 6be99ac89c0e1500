namespace FwdLLM.Modeling.Exports;

/// <summary>A format cannot hold a trained model. The message names the format, what it cannot hold, and the remedy.</summary>
public sealed class ExportException : Exception
{
    /// <summary>Creates the error.</summary>
    public ExportException(string message) : base(message)
    {
    }
}
