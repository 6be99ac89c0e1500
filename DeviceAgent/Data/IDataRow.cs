namespace FwdLLM.DeviceAgent.Data;

/// <summary>One example as its file has it.</summary>
public interface IDataRow
{
    /// <summary>The label as written, or null where the task has none.</summary>
    string? Label { get; }

    /// <summary>Value of the column named by <see cref="DataReadOptions.GroupColumn"/>, or null when none was named.</summary>
    string? Group { get; }
}
