using FwdLLM.Modeling.Compilation;

namespace FwdLLM.Modeling.Exports;

/// <summary>The formats a trained model can be written in.</summary>
public static class ExportFormats
{
    /// <summary>Hugging Face PEFT: adapter_config.json, adapter_model.safetensors, and the head beside them.</summary>
    public const string Peft = "peft";

    private static readonly IReadOnlyList<ExportFormat> All = [new PeftFormat(), new OnnxFormat(), new OnnxAdapterFormat(), new GgufLoraFormat()];

    /// <summary>Their names.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. All.Select(format => format.Name)];

    /// <summary>Checks, before anything is trained or written, that every format can hold the model's adapter.</summary>
    /// <param name="names">Formats.</param>
    /// <param name="model">The compiled model.</param>
    /// <param name="hasHead">Whether the job has a head of its own.</param>
    /// <exception cref="ArgumentException">A name is not known.</exception>
    /// <exception cref="ExportException">A format cannot hold it.</exception>
    public static void Check(IReadOnlyList<string> names, CompiledModel model, bool hasHead)
    {
        var refusals = names.Select(Get).Select(format => (format.Name, Reason: format.Refusal(model))).Where(format => format.Reason is not null).ToList();
        if (refusals.Count > 0)
            throw new ExportException(string.Join(' ', refusals.Select(refusal => $"The format {refusal.Name} {refusal.Reason}")));
        if (!hasHead && names.FirstOrDefault(name => Get(name).EndsInLogits) is { } logits)
            throw new ExportException($"The format {logits} ends in the logits of the job's classes, and this job trains no head; export its adapter as {Peft}.");
    }

    /// <summary>Writes a trained model in every format into one folder, which is created if need be.</summary>
    /// <param name="names">Formats.</param>
    /// <param name="trained">What to write.</param>
    /// <param name="folder">Target.</param>
    /// <exception cref="ArgumentException">A name is not known.</exception>
    /// <exception cref="ExportException">A format cannot hold it, its parts do not fit together, or a value is not finite; nothing is written.</exception>
    public static void Write(IReadOnlyList<string> names, TrainedModel trained, string folder)
    {
        Check(names, trained.Model, trained.Head is not null);
        if (trained.Theta.Length != trained.Model.Layout.Dimension)
            throw new ExportException($"θ has {trained.Theta.Length} values; this model's adapter has {trained.Model.Layout.Dimension}. Export with the model that the job ran on.");
        if (trained.Head is { } head && (head.Features != trained.Model.Manifest.FeatureSize || (trained.Labels.Count > 0 && trained.Labels.Count != head.Classes)))
            throw new ExportException($"The head tells {head.Classes} classes apart by {head.Features} features; there are {trained.Labels.Count} labels, and the model has {trained.Model.Manifest.FeatureSize} features. Export with the model and the labels that the job ran on.");
        if (trained.Theta.Concat(trained.Head?.Weight ?? []).Concat(trained.Head?.Bias ?? []).Any(value => !float.IsFinite(value)))
            throw new ExportException("The adapter or the head holds values that are not finite; train again with a smaller step.");
        Directory.CreateDirectory(folder);
        foreach (var name in names)
            Get(name).Write(trained, folder);
        HeadFiles.Write(trained, folder);
    }

    private static ExportFormat Get(string name) => All.FirstOrDefault(format => format.Name == name)
        ?? throw new ArgumentException($"Export format '{name}' is not known; use {string.Join(", ", Names)}.", nameof(name));
}
