using System.Globalization;
using System.Text;

namespace FwdLLM.DeviceAgent.Data;

/// <summary>Collects bad rows: the first are kept to be shown, all are counted.</summary>
public sealed class BadRowLog
{
    /// <summary>How many rows are kept.</summary>
    public const int Shown = 20;

    private const int ExcerptLength = 60;

    private readonly List<BadRow> _rows = [];

    /// <summary>The first bad rows.</summary>
    public IReadOnlyList<BadRow> Rows => _rows;

    /// <summary>How many there were in all.</summary>
    public int Count { get; private set; }

    /// <summary>Adds one.</summary>
    public void Add(int line, string reason, string raw)
    {
        Count++;
        if (_rows.Count < Shown)
            _rows.Add(new BadRow(line, reason, Excerpt(raw)));
    }

    /// <summary>The rows for people, one a line, indented.</summary>
    public string Describe()
    {
        var text = new StringBuilder();
        foreach (var row in _rows)
            text.Append(CultureInfo.InvariantCulture, $"\n  line {row.Line}: {row.Reason}").Append(row.Excerpt.Length == 0 ? "" : $": {row.Excerpt}");
        if (Count > _rows.Count)
            text.Append(CultureInfo.InvariantCulture, $"\n  and {Count - _rows.Count} more");
        return text.ToString();
    }

    private static string Excerpt(string raw)
    {
        var length = Math.Min(raw.Length, ExcerptLength);
        if (length < raw.Length && char.IsHighSurrogate(raw[length - 1]))
            length--;
        // A terminal must not be steered by what stands in a data file.
        var shown = string.Create(length, raw, static (span, source) =>
        {
            for (var i = 0; i < span.Length; i++)
                span[i] = char.IsControl(source[i]) || char.GetUnicodeCategory(source[i]) == UnicodeCategory.Format ? ' ' : source[i];
        });
        return (length < raw.Length ? shown.TrimEnd() + "…" : shown.TrimEnd());
    }
}
