using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using FwdLLM.Modeling.Architectures;
using FwdLLM.Modeling.Tokenization;

namespace FwdLLM.Modeling.Checkpoints;

/// <summary>SHA-256 over what a checkpoint means. Every part is preceded by its length, so that no two checkpoints share one byte stream.</summary>
internal static class CheckpointHash
{
    private const int ChunkBytes = 1 << 20;

    public static string Compute(string folder, ModelConfig config, PoolingKind pooling, SafetensorsFile file, NormalizedNames names)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[ChunkBytes];
        AppendText(hash, $"fwdllm-checkpoint-1 {config.Canonical} {pooling}");
        foreach (var tokenizerFile in WordPieceTokenizer.Files)
            AppendFile(hash, folder, tokenizerFile, buffer);
        foreach (var name in names.All)
        {
            var tensor = names.Find(name)!;
            AppendTensor(hash, file, name, tensor, buffer);
            if (tensor.Type == TensorType.I8 && names.Find(name + NormalizedNames.ScaleSuffix) is { } scale)
                AppendTensor(hash, file, name + NormalizedNames.ScaleSuffix, scale, buffer);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static void AppendTensor(IncrementalHash hash, SafetensorsFile file, string name, TensorInfo tensor, byte[] buffer)
    {
        AppendText(hash, $"{name} {tensor.Type} {tensor.ShapeText}");
        AppendLength(hash, tensor.Length);
        for (long start = 0; start < tensor.Length; start += ChunkBytes)
        {
            var part = buffer.AsSpan(0, (int)Math.Min(ChunkBytes, tensor.Length - start));
            file.CopyBytes(tensor, start, part);
            hash.AppendData(part);
        }
    }

    private static void AppendFile(IncrementalHash hash, string folder, string name, byte[] buffer)
    {
        var path = Path.Combine(folder, name);
        if (!File.Exists(path))
            return;
        using var stream = File.OpenRead(path);
        AppendText(hash, name);
        AppendLength(hash, stream.Length);
        for (int read; (read = stream.Read(buffer)) > 0;)
            hash.AppendData(buffer.AsSpan(0, read));
    }

    private static void AppendText(IncrementalHash hash, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        AppendLength(hash, bytes.Length);
        hash.AppendData(bytes);
    }

    private static void AppendLength(IncrementalHash hash, long length)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, length);
        hash.AppendData(bytes);
    }
}
