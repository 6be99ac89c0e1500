using System.Globalization;
using FwdLLM.Modeling.Adapters;
using FwdLLM.Modeling.Compilation;
using FwdLLM.Modeling.Precision;

namespace FwdLLM.Inference.Admission;

/// <summary>Compiles models in any precision, and lets a quantised one out only after its <see cref="AdmissionTest"/>.</summary>
public static class ModelAdmission
{
    private const int Named = 5;

    /// <summary>Compiles into a folder that must not exist yet; a refused model leaves nothing behind.</summary>
    /// <param name="source">Model.</param>
    /// <param name="adapter">Adapter.</param>
    /// <param name="precision">Precision; with <see cref="PrecisionSpec.Auto"/> the layers that cost most stay in float32 until the test passes.</param>
    /// <param name="folder">Target.</param>
    /// <param name="withVjp">Add the reverse-mode graph.</param>
    /// <param name="texts">Texts for the test, called only where there is one.</param>
    /// <param name="options">Options of the test.</param>
    /// <param name="report">Told what is found, line by line.</param>
    /// <param name="cancellation">Checked between models.</param>
    /// <exception cref="InferenceException">The model is refused; the message names the layers to blame.</exception>
    /// <exception cref="ArgumentException">A specification does not fit the model.</exception>
    public static CompiledModel Create(ModelSource source, AdapterSpec adapter, PrecisionSpec precision, string folder, bool withVjp, Func<IReadOnlyList<TokenSequence>> texts, AdmissionOptions? options = null, Action<string>? report = null, CancellationToken cancellation = default)
    {
        var compiler = new VariantCompiler(source, adapter);
        if (precision.Format == WeightFormats.Float32)
            return compiler.Compile(precision, folder, withVjp);
        options ??= new AdmissionOptions();
        var threshold = options.Threshold ?? WeightFormats.AdmissionThreshold(precision.Format);
        var work = $"{Path.GetFullPath(folder)}.admission-{Guid.NewGuid():n}";
        Directory.CreateDirectory(work);
        try
        {
            var batch = texts();
            var test = new AdmissionTest(compiler, batch, work, options);
            IReadOnlyList<LayerCost>? blame = null;
            var (isAuto, kept) = (precision.IsAuto, 0);
            if (isAuto)
                precision = precision with { KeepFloat = [] };
            for (var candidate = precision; ; candidate = precision with { KeepFloat = [.. blame.Take(kept).Select(layer => layer.Module)] })
            {
                cancellation.ThrowIfCancellationRequested();
                var trial = Path.Combine(work, $"trial-{kept}");
                var model = compiler.Compile(candidate, trial, withVjp);
                var cosine = test.Cosine(model);
                report?.Invoke(Line($"{precision.Format}, {model.Manifest.KeepFloat.Count} layers in float32: cosine {cosine:f4} with float32 over {options.Directions} directions and {batch.Count} texts; at least {threshold:0.####} is asked for"));
                if (cosine >= threshold)
                {
                    model.WithAdmission(new AdmissionRecord(Math.Round(cosine, 4), threshold, options.Directions, batch.Count, batch.Sum(text => text.Length)));
                    Directory.Move(trial, folder);
                    return CompiledModel.Open(folder);
                }

                Directory.Delete(trial, recursive: true);
                blame ??= test.Blame(precision, cancellation);
                if (!isAuto || kept == blame.Count)
                    throw Refusal(precision, cosine, threshold, options.Directions, blame);
                kept = kept == 0 ? Expected(blame, 1 - cosine, 1 - threshold) : Math.Min(blame.Count, kept + Math.Max(1, blame.Count / 10));
                report?.Invoke($"kept in float32: {string.Join(", ", blame.Take(kept).Select(layer => layer.Module))}");
            }
        }
        finally
        {
            Directory.Delete(work, recursive: true);
        }
    }

    /// <summary>How many of the dearest layers to keep if the errors of layers add up and shrink alike.</summary>
    internal static int Expected(IReadOnlyList<LayerCost> blame, double error, double allowed)
    {
        var total = blame.Sum(layer => Math.Max(layer.Cost, 0));
        var remaining = total;
        for (var count = 1; count <= blame.Count; count++)
        {
            remaining -= Math.Max(blame[count - 1].Cost, 0);
            if (remaining * error <= allowed * total)
                return count;
        }

        return blame.Count;
    }

    private static InferenceException Refusal(PrecisionSpec precision, double cosine, double threshold, int directions, IReadOnlyList<LayerCost> blame) => new(Line(
        $"The model is refused in {precision.Format}: over {directions} directions its derivatives have a cosine of {cosine:f4} with those in float32; at least {threshold:0.####} is asked for. ")
        + (blame.Count == 0
            ? "Only the word embeddings are still quantised; use another precision."
            : $"The layers that cost most alone (1 − cosine): {string.Join(", ", blame.Take(Named).Select(layer => Line($"{layer.Module} {layer.Cost:f4}")))}. Keep these in float32, let the test choose with 'auto', or use a finer precision."));

    private static string Line(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
