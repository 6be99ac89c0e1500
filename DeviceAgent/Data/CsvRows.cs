using System.Text;
using System.Text.Unicode;
using CsvHelper;

namespace FwdLLM.DeviceAgent.Data;

/// <summary>CSV with a header row, quoted as RFC 4180 says; separated by commas, or by tabs or semicolons when the header has no comma.</summary>
internal static class CsvRows
{
    public static char Separator(ReadOnlySpan<byte> start)
    {
        var end = start.IndexOfAny("\r\n"u8);
        var header = end < 0 ? start : start[..end];
        return header.Contains((byte)',') ? ',' : header.Contains((byte)'\t') ? '\t' : header.Contains((byte)';') ? ';' : ',';
    }

    public static void Read<TRow>(string path, Stream stream, char separator, RowCollector<TRow> rows, RowFormat<TRow> format, DataReadOptions options)
        where TRow : class, IDataRow
    {
        var names = format.Columns ?? throw new DataException($"{path} is not JSON Lines; this task reads one object a line, such as {format.Example}");
        var inHeader = true;
        using var csv = CsvReader.Create(
            stream,
            new CsvReaderOptions
            {
                Separator = separator,
                TrackLineNumbers = true,
                MaxRecordSize = options.MaxLineBytes,
                MalformedData = CsvMalformedDataHandling.Skip,
                FieldCountMismatch = CsvFieldCountHandling.Skip,
                OnMalformedRecord = record => Malformed(path, record, inHeader, rows),
                Encoding = new UTF8Encoding(false),
            },
            leaveOpen: true);
        try
        {
            csv.ReadHeader();
            inHeader = false;
            var columns = names.Select(name => Column(path, csv.Headers, name.Name, name.Option)).ToArray();
            while (csv.Read())
            {
                // The reader itself only looks at rows that do not fit its buffer.
                if (csv.RawRecord.Length > options.MaxLineBytes)
                    throw TooLong(path, options, $"line {csv.LineNumber}", null);
                ReadRow(csv, columns, rows, format);
            }
        }
        catch (CsvFormatException e)
        {
            throw TooLong(path, options, e.Message, e);
        }
    }

    /// <summary>Not a bad row: what it has swallowed is unknown.</summary>
    private static DataException TooLong(string path, DataReadOptions options, string where, Exception? inner)
    {
        var message = $"{path} has a row longer than {options.MaxLineBytes:N0} bytes, the limit ({where}); is a quote never closed?";
        return inner is null ? new DataException(message) : new DataException(message, inner);
    }

    private static void ReadRow<TRow>(CsvReader csv, int[] columns, RowCollector<TRow> rows, RowFormat<TRow> format)
        where TRow : class, IDataRow
    {
        var line = checked((int)csv.LineNumber);
        var raw = csv.RawRecord;
        var excerpt = Encoding.UTF8.GetString(raw[..Math.Min(raw.Length, 256)]);
        if (!Utf8.IsValid(raw))
        {
            rows.Bad(line, "not UTF-8", excerpt);
            return;
        }

        var reason = "";
        var values = new string[columns.Length];
        for (var i = 0; i < values.Length; i++)
            values[i] = csv.GetString(columns[i]);
        rows.Add(line, format.FromColumns(line, values, ref reason), reason, excerpt);
    }

    private static void Malformed<TRow>(string path, CsvMalformedRecord record, bool inHeader, RowCollector<TRow> rows)
        where TRow : class, IDataRow
    {
        var line = checked((int)record.LineNumber);
        if (record.Reason == CsvMalformedReason.UnterminatedQuote)
            throw new DataException($"{path}, line {line}: a quote opens a field and is never closed, so the rest of the file belongs to no row; close it or double it.");
        if (inHeader)
            throw new DataException($"{path}, line {line}: the header cannot be read ({Describe(record.Reason)}); its first row must name the columns.");
        rows.Bad(line, Describe(record.Reason), record.RawRecord);
    }

    private static string Describe(CsvMalformedReason reason) => reason switch
    {
        CsvMalformedReason.StrayQuote => "a quote inside an unquoted field",
        CsvMalformedReason.TextAfterClosingQuote => "text after a closing quote",
        CsvMalformedReason.FieldCountMismatch => "not as many fields as the header",
        _ => $"malformed ({reason})",
    };

    private static int Column(string path, IReadOnlyList<string> headers, string name, string option)
    {
        var found = -1;
        for (var i = 0; i < headers.Count; i++)
        {
            if (headers[i] != name)
                continue;
            if (found >= 0)
                throw new DataException($"{path} has two columns named \"{name}\"; rename one.");
            found = i;
        }

        return found >= 0 ? found : throw new DataException($"{path} has no column \"{name}\"; its columns are {string.Join(", ", headers.Take(20).Select(h => $"\"{h}\""))}. Name the right one with {option}.");
    }
}
