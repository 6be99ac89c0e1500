using System.Globalization;

namespace FwdLLM.DeviceAgent.Data;

/// <summary>Gathers rows and bad rows of one file and decides at its end whether it can be used.</summary>
internal sealed class RowCollector<TRow>(string path, DataReadOptions options)
    where TRow : class, IDataRow
{
    private readonly List<TRow> _rows = [];
    private readonly BadRowLog _bad = new();

    public void Bad(int line, string reason, string raw)
    {
        Count(line);
        _bad.Add(line, reason, raw);
    }

    /// <summary>Adds a row, or where it is null a bad row with its reason.</summary>
    public void Add(int line, TRow? row, string reason, string raw)
    {
        if (row is null)
        {
            Bad(line, reason, raw);
            return;
        }

        Count(line);
        _rows.Add(row);
    }

    public DataSet<TRow> ToDataSet()
    {
        if (_bad.Count > 0 && !options.SkipBadRows)
            throw new DataException(string.Create(CultureInfo.InvariantCulture, $"{path} has {_bad.Count} bad {(_bad.Count == 1 ? "row" : "rows")} of {_rows.Count + _bad.Count}; correct them, or leave them out with --skip-bad-rows:{_bad.Describe()}"));
        if (_rows.Count == 0)
            throw new DataException($"{path} has no usable row; it needs at least one.{_bad.Describe()}");
        return new DataSet<TRow> { Source = path, Rows = _rows, Skipped = _bad.Rows, SkippedCount = _bad.Count };
    }

    private void Count(int line)
    {
        if (_rows.Count + _bad.Count >= options.MaxRows)
            throw new DataException(string.Create(CultureInfo.InvariantCulture, $"{path} has more than {options.MaxRows} rows, the limit (reached at line {line}); cut it into smaller files."));
    }
}
