using System.Buffers.Binary;

namespace FwdLLM.Tests.Modeling.Checkpoints;

/// <summary>Damages a safetensors file in one to three of the ways that files get damaged, or are damaged on purpose.</summary>
internal static class SafetensorsMutator
{
    private static readonly long[] Lengths = [0, 1, 7, 99_999_999, 100_000_000, int.MaxValue, long.MaxValue, -1];

    public static byte[] Mutate(byte[] valid, Random random)
    {
        var bytes = (byte[])valid.Clone();
        for (var times = random.Next(1, 4); times > 0; times--)
            bytes = Once(bytes, random);
        return bytes;
    }

    private static byte[] Once(byte[] bytes, Random random)
    {
        if (bytes.Length < 16)
            return bytes;
        var headerEnd = (int)Math.Clamp(BinaryPrimitives.ReadInt64LittleEndian(bytes), 0, bytes.Length - 9) + 8;
        switch (random.Next(7))
        {
            case 0:
                bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
                return bytes;
            case 1:
                bytes[random.Next(8, headerEnd + 1)] = (byte)random.Next(256);
                return bytes;
            case 2:
                return bytes[..random.Next(bytes.Length)];
            case 3:
                BinaryPrimitives.WriteInt64LittleEndian(bytes, Lengths[random.Next(Lengths.Length)]);
                return bytes;
            case 4:
                return ReplaceDigits(bytes, headerEnd, random);
            case 5:
                return [.. bytes, .. new byte[random.Next(1, 64)]];
            default:
                // Damage to the data alone stays readable.
                bytes[random.Next(headerEnd, bytes.Length)] = (byte)random.Next(256);
                return bytes;
        }
    }

    private static byte[] ReplaceDigits(byte[] bytes, int headerEnd, Random random)
    {
        var digits = Enumerable.Range(8, headerEnd - 8).Where(i => char.IsAsciiDigit((char)bytes[i])).ToList();
        if (digits.Count > 0)
            bytes[digits[random.Next(digits.Count)]] = (byte)('0' + random.Next(10));
        return bytes;
    }
}
