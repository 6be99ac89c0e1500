using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace FwdLLM.Modeling.Checkpoints;

/// <summary>Little-endian bytes to 32-bit floats.</summary>
internal static class TensorDecoder
{
    public static void Decode(TensorType type, ReadOnlySpan<byte> bytes, Span<float> target)
    {
        switch (type)
        {
            case TensorType.F32 when BitConverter.IsLittleEndian:
                bytes.CopyTo(MemoryMarshal.AsBytes(target));
                break;
            case TensorType.F32:
                for (var i = 0; i < target.Length; i++)
                    target[i] = BinaryPrimitives.ReadSingleLittleEndian(bytes[(4 * i)..]);
                break;
            case TensorType.F64:
                for (var i = 0; i < target.Length; i++)
                    target[i] = (float)BinaryPrimitives.ReadDoubleLittleEndian(bytes[(8 * i)..]);
                break;
            case TensorType.F16:
                for (var i = 0; i < target.Length; i++)
                    target[i] = (float)BinaryPrimitives.ReadHalfLittleEndian(bytes[(2 * i)..]);
                break;
            case TensorType.BF16:
                for (var i = 0; i < target.Length; i++)
                    target[i] = BitConverter.UInt32BitsToSingle((uint)BinaryPrimitives.ReadUInt16LittleEndian(bytes[(2 * i)..]) << 16);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(type), type, "Not a float type.");
        }
    }
}
