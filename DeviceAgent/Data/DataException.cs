namespace FwdLLM.DeviceAgent.Data;

/// <summary>A data file or a split of it cannot be used. The message names the file, what is wrong and the remedy.</summary>
public sealed class DataException : Exception
{
    public DataException(string message)
        : base(message)
    {
    }

    public DataException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
