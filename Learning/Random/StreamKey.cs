using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace FwdLLM.Learning.Random;

/// <summary>256-bit key of a random stream. ChaCha key word 2i is the low half of the i-th member, word 2i+1 its high half.</summary>
/// <param name="K0">Key bits 0 to 63.</param>
/// <param name="K1">Key bits 64 to 127.</param>
/// <param name="K2">Key bits 128 to 191.</param>
/// <param name="K3">Key bits 192 to 255.</param>
public readonly record struct StreamKey(ulong K0, ulong K1, ulong K2, ulong K3)
{
    private const string Domain = "FwdLLM.Orleans stream key v1\0";

    /// <summary>Key of one purpose under one seed: SHA-256 over "FwdLLM.Orleans stream key v1", a zero byte, the seed (8 bytes, little endian) and the purpose (UTF-8).</summary>
    /// <param name="seed">The job's seed.</param>
    /// <param name="purpose">What the stream is for; different purposes give independent streams.</param>
    public static StreamKey FromSeed(ulong seed, string purpose)
    {
        ArgumentNullException.ThrowIfNull(purpose);
        var text = new byte[Domain.Length + sizeof(ulong) + Encoding.UTF8.GetByteCount(purpose)];
        Encoding.ASCII.GetBytes(Domain, text);
        BinaryPrimitives.WriteUInt64LittleEndian(text.AsSpan(Domain.Length), seed);
        Encoding.UTF8.GetBytes(purpose, text.AsSpan(Domain.Length + sizeof(ulong)));
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(text, hash);
        return new StreamKey(
            BinaryPrimitives.ReadUInt64LittleEndian(hash),
            BinaryPrimitives.ReadUInt64LittleEndian(hash[8..]),
            BinaryPrimitives.ReadUInt64LittleEndian(hash[16..]),
            BinaryPrimitives.ReadUInt64LittleEndian(hash[24..]));
    }
}
