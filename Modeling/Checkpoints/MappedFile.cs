using System.IO.MemoryMappedFiles;

namespace FwdLLM.Modeling.Checkpoints;

/// <summary>A whole file mapped for reading. Safe to read from several threads; not after <see cref="Dispose"/>.</summary>
internal sealed class MappedFile : IDisposable
{
    private readonly MemoryMappedFile _map;
    private readonly MemoryMappedViewAccessor _view;

    private MappedFile(string path, long length, MemoryMappedFile map, MemoryMappedViewAccessor view)
    {
        Path = path;
        Length = length;
        _map = map;
        _view = view;
    }

    public delegate T Parser<out T>(ReadOnlySpan<byte> bytes);

    public delegate void Use<T>(ReadOnlySpan<byte> bytes, Span<T> target);

    public string Path { get; }

    public long Length { get; }

    /// <exception cref="CheckpointException">The file cannot be read, or has fewer than <paramref name="minimumBytes"/> bytes.</exception>
    public static MappedFile Open(string path, int minimumBytes, string format)
    {
        MemoryMappedFile? map = null;
        MemoryMappedViewAccessor? view = null;
        try
        {
            long length;
            using (var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read))
            {
                length = stream.Length;
                if (length < minimumBytes)
                    throw new CheckpointException($"{path} has {length} bytes, too few for a {format} file; download or export the file again.");
                map = MemoryMappedFile.CreateFromFile(stream, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
            }

            view = map.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read);
            var file = new MappedFile(path, length, map, view);
            (map, view) = (null, null);
            return file;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException($"{path} cannot be read: {error.Message} Check the path and its permissions.", error);
        }
        finally
        {
            view?.Dispose();
            map?.Dispose();
        }
    }

    /// <summary>Gives a range of the file to <paramref name="parse"/>, which must not keep it.</summary>
    public unsafe T Parse<T>(long offset, int length, Parser<T> parse)
    {
        byte* start = null;
        try
        {
            return parse(new ReadOnlySpan<byte>(Acquire(ref start, offset, length), length));
        }
        finally
        {
            Release(start);
        }
    }

    /// <summary>Gives a range of the file to <paramref name="use"/>, which fills <paramref name="target"/> from it.</summary>
    public unsafe void Read<T>(long offset, int length, Span<T> target, Use<T> use)
    {
        byte* start = null;
        try
        {
            use(new ReadOnlySpan<byte>(Acquire(ref start, offset, length), length), target);
        }
        finally
        {
            Release(start);
        }
    }

    public void Dispose()
    {
        _view.Dispose();
        _map.Dispose();
    }

    // The pointer is held only while it is used, so that disposing during a read cannot unmap the bytes below it.
    private unsafe byte* Acquire(ref byte* start, long offset, int length)
    {
        if (offset < 0 || length < 0 || offset > Length - length)
            throw new ArgumentOutOfRangeException(nameof(offset), offset, $"{Path} has {Length} bytes; {length} are asked for.");
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
        return start + _view.PointerOffset + offset;
    }

    private unsafe void Release(byte* start)
    {
        if (start is not null)
            _view.SafeMemoryMappedViewHandle.ReleasePointer();
    }
}
