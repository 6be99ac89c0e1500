using FwdLLM.Learning.Training;

namespace FwdLLM.DeviceAgent.Work;

/// <summary>The directions of one order in the parameters' own units: draws times block scales, split into adapter and head.</summary>
internal sealed class ProbeDirections
{
    public ProbeDirections(TrainingContext context, ModelSnapshot snapshot, DirectionSource source, int count)
    {
        var d = context.Layout.Dimension;
        Adapter = new float[checked(count * d)];
        Head = context.Options.HeadInTheta ? new float[checked(count * context.HeadLength)] : [];
        Count = count;
        var direction = new float[context.ProbedDimension];
        for (var k = 0; k < count; k++)
        {
            source.Fill(k, direction);
            for (var b = 0; b < context.Layout.Blocks.Count; b++)
            {
                var block = context.Layout.Blocks[b];
                for (var i = block.Offset; i < block.Offset + block.Length; i++) Adapter[(k * d) + i] = direction[i] * snapshot.BlockScale[b];
            }

            direction.AsSpan(d).CopyTo(Head.AsSpan(k * context.HeadLength));
        }
    }

    /// <summary>K.</summary>
    public int Count { get; }

    /// <summary>[K, d].</summary>
    public float[] Adapter { get; }

    /// <summary>[K, C·H + C], or empty when the head is not probed.</summary>
    public float[] Head { get; }

    /// <summary>The head's part of direction k; empty when the head is not probed.</summary>
    public ReadOnlySpan<float> HeadPart(int k) => Head.Length == 0 ? [] : Head.AsSpan(k * (Head.Length / Count), Head.Length / Count);

    /// <summary>The adapter's part of direction k.</summary>
    public ReadOnlySpan<float> AdapterPart(int k) => Adapter.AsSpan(k * (Adapter.Length / Count), Adapter.Length / Count);
}
