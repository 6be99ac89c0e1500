using FwdLLM.Learning.Random;

namespace FwdLLM.Learning.Training;

/// <summary>Version 0 of adapter and head, from the job's seed and the layout's bounds.</summary>
internal static class InitialParameters
{
    public static float[] Adapter(TrainingContext context)
    {
        var theta = new float[context.Layout.Dimension];
        for (var b = 0; b < context.Layout.Blocks.Count; b++)
        {
            var block = context.Layout.Blocks[b];
            if (block.InitialBound > 0)
                Draw(context, (uint)b, theta.AsSpan(block.Offset, block.Length), block.InitialBound);
        }

        return theta;
    }

    // As the probed blocks' own.
    private const float HeadBound = 0.02f;

    // A fitted head starts at zero. One that is probed, or stays as it is, must let the loss depend on the features.
    public static float[] Head(TrainingContext context)
    {
        if (context.StartHead.Length > 0) return (float[])context.StartHead.Clone();
        var head = new float[context.HeadLength];
        if (!context.Options.HeadFirst)
            Draw(context, uint.MaxValue, head.AsSpan(0, context.Classes * context.FeatureSize), HeadBound);
        return head;
    }

    private static void Draw(TrainingContext context, uint index, Span<float> values, float bound)
    {
        var random = new CounterRandom(context.Key("initial"), new DirectionAddress(0, index, 0));
        foreach (ref var value in values) value = random.NextUniform(bound);
    }
}
