using System.Buffers.Binary;
using System.IO.Compression;

namespace FwdLLM.DeviceAgent.Data;

/// <summary>Reads rows from JSON Lines or CSV, plain or gzipped. What a file is follows from its content, not its name.</summary>
public static class DataReader
{
    private const int PeekBytes = 64 * 1024;

    /// <summary>Reads a whole file of texts with labels.</summary>
    /// <exception cref="DataException">The file cannot be read, is of another kind, breaks a limit, has no usable row, or has bad rows that may not be skipped.</exception>
    public static DataSet<LabelledText> Read(string path, DataReadOptions options) => Read(path, options, new LabelledTextFormat(options));

    /// <summary>Reads a whole file of questions with contexts and answers; JSON Lines only.</summary>
    /// <exception cref="DataException">As for <see cref="Read"/>.</exception>
    public static DataSet<QuestionRow> ReadQuestions(string path, DataReadOptions options) => Read(path, options, new QuestionFormat(options));

    /// <summary>Reads a whole file of prompts with answers, or conversations; JSON Lines only.</summary>
    /// <exception cref="DataException">As for <see cref="Read"/>.</exception>
    public static DataSet<AnswerRow> ReadAnswers(string path, DataReadOptions options) => Read(path, options, new AnswerFormat(options));

    private static DataSet<TRow> Read<TRow>(string path, DataReadOptions options, RowFormat<TRow> format)
        where TRow : class, IDataRow
    {
        try
        {
            using var file = Open(path);
            using var content = Unfold(path, file, options.MaxBytes);
            var data = ReadContent(path, content, options, format);
            RefuseCutShort(path, file, content.Position);
            return data;
        }
        catch (InvalidDataException e)
        {
            throw new DataException($"{path} is damaged: it starts like gzip but cannot be unpacked ({e.Message}); copy it again.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DataException($"{path} cannot be read: {e.Message}", e);
        }
    }

    private static FileStream Open(string path)
    {
        if (Directory.Exists(path))
            throw new DataException($"{path} is a folder; name a file of JSON Lines or CSV.");
        if (!File.Exists(path))
            throw new DataException($"{path} does not exist; check the path ({Path.GetFullPath(path)}).");
        return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
    }

    /// <summary>The file's content, unpacked when it is gzip, cut off at the limit.</summary>
    private static BoundedStream Unfold(string path, FileStream file, long limit)
    {
        var start = Peek(file, FileSignature.Length);
        if (start.Length == 0)
            throw new DataException($"{path} is empty; it needs at least one row.");
        FileSignature.RefuseForeign(path, start);
        var raw = new BoundedStream(path, start, file, long.MaxValue);
        return FileSignature.IsGzip(start)
            ? new BoundedStream(path, default, new GZipStream(raw, CompressionMode.Decompress), limit)
            : new BoundedStream(path, default, raw, limit);
    }

    /// <summary>The base library takes a gzip file that ends too early for a whole one; its last four bytes, the size of what was packed last, give it away.</summary>
    private static void RefuseCutShort(string path, FileStream file, long contentBytes)
    {
        if (!file.CanSeek)
            return;
        file.Position = 0;
        if (!FileSignature.IsGzip(Peek(file, FileSignature.Length)))
            return;
        file.Seek(-sizeof(uint), SeekOrigin.End);
        if (BinaryPrimitives.ReadUInt32LittleEndian(Peek(file, sizeof(uint))) > contentBytes)
            throw new DataException($"{path} is cut short: gzip's end mark is missing; copy it again.");
    }

    private static DataSet<TRow> ReadContent<TRow>(string path, BoundedStream content, DataReadOptions options, RowFormat<TRow> format)
        where TRow : class, IDataRow
    {
        var start = Peek(content, PeekBytes);
        FileSignature.RefuseForeign(path, start);
        var text = start.AsSpan().StartsWith("\uFEFF"u8) ? start.AsMemory(3) : start.AsMemory();
        var first = text.Span.TrimStart(" \t\r\n"u8);
        if (first.IsEmpty && start.Length < PeekBytes)
            throw new DataException($"{path} holds nothing but blank lines; it needs at least one row.");
        if (first is [(byte)'[', ..])
            throw new DataException($"{path} is one JSON array; write one object a line instead (jq -c '.[]' does it).");

        var whole = new BoundedStream(path, text, content, options.MaxBytes);
        var rows = new RowCollector<TRow>(path, options);
        if (first is [(byte)'{', ..])
            JsonLinesRows.Read(whole, rows, format, options);
        else
            CsvRows.Read(path, whole, CsvRows.Separator(first), rows, format, options);
        return rows.ToDataSet();
    }

    private static byte[] Peek(Stream stream, int count)
    {
        var buffer = new byte[count];
        var length = stream.ReadAtLeast(buffer, count, throwOnEndOfStream: false);
        return buffer[..length];
    }
}
