using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace FwdLLM.DeviceAgent.Data;

/// <summary>JSON Lines: one object a line. Blank lines are passed over.</summary>
internal static class JsonLinesRows
{
    private const int ExcerptBytes = 256;

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 32 };

    public static void Read<TRow>(Stream stream, RowCollector<TRow> rows, RowFormat<TRow> format, DataReadOptions options)
        where TRow : class, IDataRow
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
                ReadRow(lines.Number, lines.Current, rows, format);
        }
    }

    private static void ReadRow<TRow>(int line, ReadOnlyMemory<byte> bytes, RowCollector<TRow> rows, RowFormat<TRow> format)
        where TRow : class, IDataRow
    {
        var reason = "";
        TRow? read = null;
        try
        {
            using var document = JsonDocument.Parse(bytes, Strict);
            var row = document.RootElement;
            if (row.ValueKind == JsonValueKind.Object)
                read = format.FromJson(line, row, ref reason);
            else
                reason = $"{JsonRow.Kind(row)}, not an object";
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

        rows.Add(line, read, reason, Excerpt(bytes));
    }

    private static string Excerpt(ReadOnlyMemory<byte> line) => Encoding.UTF8.GetString(line.Span[..Math.Min(line.Length, ExcerptBytes)]);
}
