namespace FwdLLM.DeviceAgent.Data;

/// <summary>The usable rows of one file, in file order.</summary>
/// <typeparam name="TRow">What the task's rows are.</typeparam>
public sealed record DataSet<TRow> : IDataSet
    where TRow : class, IDataRow
{
    /// <inheritdoc/>
    public required string Source { get; init; }

    /// <summary>Usable rows; never empty.</summary>
    public required IReadOnlyList<TRow> Rows { get; init; }

    /// <summary>The first rows that were skipped, at most <see cref="BadRowLog.Shown"/>.</summary>
    public IReadOnlyList<BadRow> Skipped { get; init; } = [];

    /// <inheritdoc/>
    public int SkippedCount { get; init; }

    IReadOnlyList<IDataRow> IDataSet.Rows => Rows;
}
