using System.Globalization;

namespace FwdLLM.DeviceAgent.Data;

/// <summary>Gathers rows and bad rows of one file and decides at its end whether it can be used.</summary>
internal sealed class RowCollector(string path, DataReadOptions options)
{
    private readonly List<LabelledText> _rows = [];
    private readonly BadRowLog _bad = new();
    private readonly Dictionary<string, string> _names = [];

    public void Bad(int line, string reason, string raw)
    {
        Count(line);
        _bad.Add(line, reason, raw);
    }

    public void Good(int line, string text, string label, string? group, string raw)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            Bad(line, $"\"{options.TextColumn}\" is empty", raw);
        }
        else if (string.IsNullOrWhiteSpace(label))
        {
            Bad(line, $"\"{options.LabelColumn}\" is empty", raw);
        }
        else
        {
            Count(line);
            _rows.Add(new LabelledText(text, Shared(label.Trim()), group is null ? null : Shared(group)));
        }
    }

    public DataSet ToDataSet()
    {
        if (_bad.Count > 0 && !options.SkipBadRows)
            throw new DataException(string.Create(CultureInfo.InvariantCulture, $"{path} has {_bad.Count} bad {(_bad.Count == 1 ? "row" : "rows")} of {_rows.Count + _bad.Count}; correct them, or leave them out with --skip-bad-rows:{_bad.Describe()}"));
        if (_rows.Count == 0)
            throw new DataException($"{path} has no usable row; it needs at least one.{_bad.Describe()}");
        return new DataSet { Source = path, Rows = _rows, Skipped = _bad.Rows, SkippedCount = _bad.Count };
    }

    /// <summary>Labels and groups repeat: one string for all their rows.</summary>
    private string Shared(string name)
    {
        if (_names.TryGetValue(name, out var known))
            return known;
        // A column of distinct values would only fill the table.
        if (_names.Count < 100_000)
            _names.Add(name, name);
        return name;
    }

    private void Count(int line)
    {
        if (_rows.Count + _bad.Count >= options.MaxRows)
            throw new DataException(string.Create(CultureInfo.InvariantCulture, $"{path} has more than {options.MaxRows} rows, the limit (reached at line {line}); cut it into smaller files."));
    }
}
