namespace FwdLLM.DeviceAgent.Data;

/// <summary>Reads a stream (after a prefix already taken from it) and refuses to go beyond a number of bytes.</summary>
internal sealed class BoundedStream(string path, ReadOnlyMemory<byte> prefix, Stream inner, long limit) : Stream
{
    private ReadOnlyMemory<byte> _prefix = prefix;
    private long _read;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => _read;
        set => throw new NotSupportedException();
    }

    public override int Read(Span<byte> buffer)
    {
        int count;
        if (!_prefix.IsEmpty)
        {
            count = Math.Min(buffer.Length, _prefix.Length);
            _prefix.Span[..count].CopyTo(buffer);
            _prefix = _prefix[count..];
        }
        else
        {
            count = inner.Read(buffer);
        }

        _read += count;
        if (_read > limit)
            throw new DataException($"{path} holds more than {limit:N0} bytes once decompressed, the limit; cut it into smaller files.");
        return count;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            inner.Dispose();
        base.Dispose(disposing);
    }
}
