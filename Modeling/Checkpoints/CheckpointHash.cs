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

    public static string Compute(string folder, ModelConfig config, PoolingKind pooling, ITensorFile file, NormalizedNames names)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[ChunkBytes];
        AppendText(hash, $"fwdllm-checkpoint-1 {config.Canonical} {pooling}");
        foreach (var tokenizerFile in Tokenizers.Files)
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

    /// <summary>Of a model in one file: what was read from its metadata, and all its bytes.</summary>
    public static string Compute(ModelConfig config, PoolingKind pooling, string path)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        AppendText(hash, $"fwdllm-checkpoint-file-1 {config.Canonical} {pooling}");
        AppendContents(hash, path, new byte[ChunkBytes]);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static void AppendTensor(IncrementalHash hash, ITensorFile file, string name, TensorInfo tensor, byte[] buffer)
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
        AppendText(hash, name);
        AppendContents(hash, path, buffer);
    }

    private static void AppendContents(IncrementalHash hash, string path, byte[] buffer)
    {
        using var stream = File.OpenRead(path);
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
