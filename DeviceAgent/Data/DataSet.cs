namespace FwdLLM.DeviceAgent.Data;

/// <summary>The usable rows of one file, in file order.</summary>
public sealed record DataSet
{
    /// <summary>The file's path, for messages.</summary>
    public required string Source { get; init; }

    /// <summary>Usable rows; never empty.</summary>
    public required IReadOnlyList<LabelledText> Rows { get; init; }

    /// <summary>The first rows that were skipped, at most <see cref="BadRowLog.Shown"/>.</summary>
    public IReadOnlyList<BadRow> Skipped { get; init; } = [];

    /// <summary>How many rows were skipped in all.</summary>
    public int SkippedCount { get; init; }
}
