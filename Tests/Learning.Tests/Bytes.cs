namespace FwdLLM.Learning.Tests;

/// <summary>Round trips through bytes.</summary>
internal static class Bytes
{
    public static byte[] Of(Action<BinaryWriter> write)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        write(writer);
        writer.Flush();
        return stream.ToArray();
    }

    public static T Read<T>(byte[] bytes, Func<BinaryReader, T> read)
    {
        using var reader = new BinaryReader(new MemoryStream(bytes));
        return read(reader);
    }

    /// <summary>Every proper beginning must be refused as damaged data, whether or not the stream knows its length.</summary>
    public static void EveryCutIsRefused<T>(byte[] bytes, Func<BinaryReader, T> read)
    {
        for (var length = 0; length < bytes.Length; length += 1 + length / 7)
        {
            var cut = bytes[..length];
            Assert.Throws<InvalidDataException>(() => Read(cut, read));
            Assert.Throws<InvalidDataException>(() =>
            {
                using var reader = new BinaryReader(new Forward(cut));
                return read(reader);
            });
        }
    }

    private sealed class Forward(byte[] bytes) : MemoryStream(bytes)
    {
        public override bool CanSeek => false;

        public override long Length => throw new NotSupportedException();
    }
}
