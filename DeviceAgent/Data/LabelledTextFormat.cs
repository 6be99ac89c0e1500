using System.Text.Json;

namespace FwdLLM.DeviceAgent.Data;

/// <summary>A text and a label.</summary>
internal sealed class LabelledTextFormat(DataReadOptions options) : RowFormat<LabelledText>
{
    // Labels and groups repeat: one string for all their rows.
    private readonly Dictionary<string, string> _names = [];

    public override string Example => """{"text": "…", "label": "…"}""";

    public override IReadOnlyList<(string Name, string Option)> Columns { get; } =
        [(options.TextColumn, "--text-column"), (options.LabelColumn, "--label-column"), .. options.GroupColumn is { } group ? [(group, "--split by:COLUMN")] : Array.Empty<(string, string)>()];

    public override LabelledText? FromJson(int line, JsonElement row, ref string reason) =>
        JsonRow.Text(row, options.TextColumn, "--text-column", numbers: false, ref reason) is { } text
        && JsonRow.Text(row, options.LabelColumn, "--label-column", numbers: true, ref reason) is { } label
        && JsonRow.Group(row, options.GroupColumn, out var group, ref reason)
            ? Create(text, label, group, ref reason)
            : null;

    public override LabelledText? FromColumns(int line, string[] values, ref string reason) =>
        Create(values[0], values[1], options.GroupColumn is null ? null : values[2], ref reason);

    private LabelledText? Create(string text, string label, string? group, ref string reason)
    {
        if (!string.IsNullOrWhiteSpace(text) && !string.IsNullOrWhiteSpace(label))
            return new LabelledText(text, Shared(label.Trim()), group is null ? null : Shared(group));
        reason = $"\"{(string.IsNullOrWhiteSpace(text) ? options.TextColumn : options.LabelColumn)}\" is empty";
        return null;
    }

    private string Shared(string name)
    {
        if (_names.TryGetValue(name, out var known))
            return known;
        // A column of distinct values would only fill the table.
        if (_names.Count < 100_000)
            _names.Add(name, name);
        return name;
    }
}
