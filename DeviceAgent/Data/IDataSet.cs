namespace FwdLLM.DeviceAgent.Data;

/// <summary>The usable rows of one file, of whatever task.</summary>
public interface IDataSet
{
    /// <summary>The file's path, for messages.</summary>
    string Source { get; }

    /// <summary>Usable rows in file order; never empty.</summary>
    IReadOnlyList<IDataRow> Rows { get; }

    /// <summary>How many rows were skipped in all.</summary>
    int SkippedCount { get; }
}
