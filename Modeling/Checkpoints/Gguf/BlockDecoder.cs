namespace FwdLLM.Modeling.Checkpoints.Gguf;

/// <summary>Blocks of any <see cref="GgufTensorType"/> to 32-bit floats.</summary>
internal static class BlockDecoder
{
    private delegate void Block(ReadOnlySpan<byte> block, Span<float> target);

    /// <summary>Dequantises whole blocks: as many as <paramref name="target"/> has room for.</summary>
    public static void Decode(GgufTensorType type, ReadOnlySpan<byte> bytes, Span<float> target)
    {
        switch (type)
        {
            case GgufTensorType.F32:
                TensorDecoder.Decode(TensorType.F32, bytes, target);
                return;
            case GgufTensorType.F16:
                TensorDecoder.Decode(TensorType.F16, bytes, target);
                return;
            case GgufTensorType.BF16:
                TensorDecoder.Decode(TensorType.BF16, bytes, target);
                return;
        }

        Block decode = type switch
        {
            GgufTensorType.Q4_0 => SmallBlocks.DecodeQ4_0,
            GgufTensorType.Q4_1 => SmallBlocks.DecodeQ4_1,
            GgufTensorType.Q5_0 => SmallBlocks.DecodeQ5_0,
            GgufTensorType.Q5_1 => SmallBlocks.DecodeQ5_1,
            GgufTensorType.Q8_0 => SmallBlocks.DecodeQ8_0,
            GgufTensorType.Q2_K => SuperBlocks.DecodeQ2_K,
            GgufTensorType.Q3_K => SuperBlocks.DecodeQ3_K,
            GgufTensorType.Q4_K => SuperBlocks.DecodeQ4_K,
            GgufTensorType.Q5_K => SuperBlocks.DecodeQ5_K,
            GgufTensorType.Q6_K => SuperBlocks.DecodeQ6_K,
            _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Not a GGUF element type that is read."),
        };
        var (elements, size) = (type.BlockElements(), type.BlockBytes());
        for (var block = 0; block < target.Length / elements; block++)
            decode(bytes.Slice(block * size, size), target.Slice(block * elements, elements));
    }
}
