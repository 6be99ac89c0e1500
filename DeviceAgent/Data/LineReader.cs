namespace FwdLLM.DeviceAgent.Data;

/// <summary>Cuts bytes into lines without ever holding more than one line of the allowed length. LF and CRLF both end a line.</summary>
internal sealed class LineReader(Stream stream, int maxLineBytes)
{
    private readonly byte[] _chunk = new byte[64 * 1024];
    private readonly MemoryStream _line = new();
    private int _at;
    private int _filled;

    /// <summary>Number of the current line, from 1.</summary>
    public int Number { get; private set; }

    /// <summary>The current line was longer than allowed; <see cref="Current"/> is its beginning.</summary>
    public bool TooLong { get; private set; }

    /// <summary>The current line without its end.</summary>
    public ReadOnlyMemory<byte> Current { get; private set; }

    /// <summary>Goes to the next line; false at the end of the file.</summary>
    public bool MoveNext()
    {
        _line.SetLength(0);
        TooLong = false;
        var any = false;
        while (_at < _filled || Fill())
        {
            any = true;
            var rest = _chunk.AsSpan(_at, _filled - _at);
            var end = rest.IndexOf((byte)'\n');
            Append(end < 0 ? rest : rest[..end]);
            _at += end < 0 ? rest.Length : end + 1;
            if (end >= 0)
                break;
        }

        if (!any)
            return false;
        Number++;
        ReadOnlyMemory<byte> line = _line.GetBuffer().AsMemory(0, (int)_line.Length);
        Current = line.Span is [.., (byte)'\r'] ? line[..^1] : line;
        return true;
    }

    private bool Fill()
    {
        _at = 0;
        _filled = stream.Read(_chunk);
        return _filled > 0;
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        var room = maxLineBytes - (int)_line.Length;
        if (bytes.Length > room)
        {
            TooLong = true;
            bytes = bytes[..room];
        }

        _line.Write(bytes);
    }
}
