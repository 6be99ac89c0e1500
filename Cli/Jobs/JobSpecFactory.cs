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
    /// <param name="model">The compiled model that devices will fetch by its manifest's hash.</param>
    public static JobSpec Create(RunSettings settings, IReadOnlyList<string> labels, CompiledModel model) => new()
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
    };
}
