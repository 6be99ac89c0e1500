using System.Buffers.Binary;
using FwdLLM.Cli.Settings;
using FwdLLM.Grains.Interfaces;
using FwdLLM.Modeling.Compilation;
using FwdLLM.Modeling.Precision;

namespace FwdLLM.Cli.Jobs;

/// <summary>Turns validated settings and a compiled model into what a cluster is asked for.</summary>
public static class JobSpecFactory
{
    /// <summary>The job.</summary>
    /// <param name="settings">Settings.</param>
    /// <param name="labels">Labels in class order.</param>
    /// <param name="startHead">The head at version 0, weights [C, H] and biases [C]; empty for the recipe's own.</param>
    /// <param name="model">The compiled model that devices will fetch by its manifest's hash.</param>
    /// <exception cref="InputException">The model cannot read so many tokens.</exception>
    public static JobSpec Create(RunSettings settings, IReadOnlyList<string> labels, float[] startHead, CompiledModel model)
    {
        if (settings.MaxTokens > model.MaxPositions)
            throw new InputException($"--max-tokens is {settings.MaxTokens}, but the model reads at most {model.MaxPositions}; give less.");
        return new JobSpec
        {
            Id = settings.Id,
            Model = new ModelReference
            {
                ManifestSha256 = model.ManifestSha256,
                FeatureSize = model.Manifest.FeatureSize,
                Blocks = [.. model.Layout.Blocks.Select(block => new ModelBlock { Name = block.Name, Length = block.Length, InitialBound = block.InitialBound })],
                RoundsActivations = WeightFormats.QuantizesActivations(model.Manifest.WeightFormat),
            },
            Labels = labels,
            MaxTokens = settings.MaxTokens,
            Algorithm = settings.Algorithm.ToJson(),
            Cohort = new CohortSpec { ExpectedDevices = settings.Devices, Schedule = settings.Schedule },
            EvaluateEvery = settings.EvaluateEvery,
            JournalRounds = settings.JournalRounds,
            Task = new TaskSpec
            {
                Kind = (byte)settings.Task,
                Stride = settings.Stride,
                PromptTemplate = settings.PromptTemplate,
                Verbalizers = [.. settings.Verbalizers.Select(verbalizer => verbalizer.Word)],
                StartHead = Bytes(startHead),
            },
        };
    }

    private static byte[] Bytes(float[] values)
    {
        var bytes = new byte[values.Length * sizeof(float)];
        for (var i = 0; i < values.Length; i++) BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(i * sizeof(float)), values[i]);
        return bytes;
    }
}
