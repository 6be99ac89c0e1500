using System.Text;

namespace FwdLLM.Modeling.Tokenization;

/// <summary>The printable characters that stand for the 256 bytes in byte-level vocabularies (GPT-2's bytes_to_unicode): a space is Ġ.</summary>
internal static class ByteAlphabet
{
    private static readonly char[] Chars = Build();

    private static readonly Dictionary<char, byte> Bytes = Enumerable.Range(0, 256).ToDictionary(value => Chars[value], value => (byte)value);

    public static char ToChar(byte value) => Chars[value];

    /// <summary>The bytes that a token stands for; one with other characters (an added token) stands for itself in UTF-8.</summary>
    public static byte[] ToBytes(string token)
    {
        var bytes = new byte[token.Length];
        for (var index = 0; index < token.Length; index++)
            if (!Bytes.TryGetValue(token[index], out bytes[index]))
                return Encoding.UTF8.GetBytes(token);
        return bytes;
    }

    private static char[] Build()
    {
        var (chars, next) = (new char[256], 256);
        for (var value = 0; value < 256; value++)
            chars[value] = (char)(value is >= '!' and <= '~' or >= 0xA1 and <= 0xAC or >= 0xAE ? value : next++);
        return chars;
    }
}
