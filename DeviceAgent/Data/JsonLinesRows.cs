using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace FwdLLM.DeviceAgent.Data;

/// <summary>JSON Lines: one object a line. Blank lines are passed over.</summary>
internal static class JsonLinesRows
{
    private const int ExcerptBytes = 256;

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 32 };

    public static void Read(Stream stream, RowCollector rows, DataReadOptions options)
    {
        var lines = new LineReader(stream, options.MaxLineBytes);
        while (lines.MoveNext())
        {
            if (lines.Current.Span.Trim(" \t"u8).IsEmpty)
                continue;
            if (lines.TooLong)
                rows.Bad(lines.Number, $"longer than {options.MaxLineBytes:N0} bytes, the limit of a line", Excerpt(lines.Current));
            else if (!Utf8.IsValid(lines.Current.Span))
                rows.Bad(lines.Number, "not UTF-8", Excerpt(lines.Current));
            else
                ReadRow(lines.Number, lines.Current, rows, options);
        }
    }

    private static void ReadRow(int line, ReadOnlyMemory<byte> bytes, RowCollector rows, DataReadOptions options)
    {
        var reason = "";
        try
        {
            using var document = JsonDocument.Parse(bytes, Strict);
            var row = document.RootElement;
            string? group = null;
            if (row.ValueKind != JsonValueKind.Object)
                reason = $"{Kind(row)}, not an object";
            else if (Text(row, options.TextColumn, "--text-column", numbers: false, ref reason) is { } text
                && Text(row, options.LabelColumn, "--label-column", numbers: true, ref reason) is { } label
                && (options.GroupColumn is null || (group = Text(row, options.GroupColumn, "--split", numbers: true, ref reason)) is not null))
            {
                rows.Good(line, text, label, group, Excerpt(bytes));
                return;
            }
        }
        catch (JsonException e)
        {
            reason = $"not a JSON object ({e.Message.Split(" LineNumber:")[0].TrimEnd('.', ' ')}, byte {e.BytePositionInLine})";
        }

        catch (InvalidOperationException)
        {
            // What JsonElement throws when an escape cannot be turned into UTF-16.
            reason = "holds half of a surrogate pair (an escape from \\uD800 to \\uDFFF alone)";
        }

        rows.Bad(line, reason, Excerpt(bytes));
    }

    private static string? Text(JsonElement row, string key, string option, bool numbers, ref string reason)
    {
        if (!row.TryGetProperty(key, out var value))
        {
            var keys = string.Join(", ", row.EnumerateObject().Take(10).Select(p => p.Name));
            reason = $"no \"{key}\" (its keys: {keys}; {option} names another)";
            return null;
        }

        switch (value.ValueKind)
        {
            case JsonValueKind.String:
                return value.GetString();
            case JsonValueKind.Number when numbers:
                return value.GetRawText();
            default:
                reason = $"\"{key}\" is {Kind(value)}; it must be a string{(numbers ? " or a number" : "")}";
                return null;
        }
    }

    private static string Kind(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => "null",
        JsonValueKind.True or JsonValueKind.False => "a boolean",
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        JsonValueKind.Number => "a number",
        _ => "a string",
    };

    private static string Excerpt(ReadOnlyMemory<byte> line) => Encoding.UTF8.GetString(line.Span[..Math.Min(line.Length, ExcerptBytes)]);
}
