using FwdLLM.Modeling.Compilation;
using FwdLLM.Modeling.Precision;

namespace FwdLLM.Inference;

/// <summary>Runs a <see cref="CompiledModel"/> on ONNX Runtime's CPU kernels.</summary>
public sealed class ModelRuntime : IModelRuntime
{
    private readonly CompiledModel _model;
    private readonly RuntimeOptions _options;
    private readonly ModelSessions _sessions;
    private readonly PrefixCache? _cache;

    private ModelRuntime(CompiledModel model, RuntimeOptions options)
    {
        (_model, _options) = (model, options);
        _sessions = new ModelSessions(model, options);
        // Without layers the prefix is a table look-up: not worth the memory.
        _cache = model.Manifest.Adapter.FirstLayer > 0 && options.PrefixCacheBytes > 0 ? new PrefixCache(options.PrefixCacheBytes) : null;
    }

    /// <inheritdoc/>
    public int Dimension => _model.Layout.Dimension;

    /// <inheritdoc/>
    public int FeatureSize => _model.Manifest.FeatureSize;

    /// <inheritdoc/>
    public bool IsSmooth => !WeightFormats.QuantizesActivations(_model.Manifest.WeightFormat);

    /// <summary>Bytes of prefix outputs held at the moment.</summary>
    public long PrefixCacheBytes => _cache?.Bytes ?? 0;

    /// <summary>Opens a compiled model. Sessions are created when first needed.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range.</exception>
    public static ModelRuntime Open(CompiledModel model, RuntimeOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        options ??= new RuntimeOptions();
        options.Check();
        return new ModelRuntime(model, options);
    }

    /// <inheritdoc/>
    public float[] Features(IReadOnlyList<TokenSequence> batch, ReadOnlySpan<float> theta, CancellationToken cancellation = default)
    {
        ArgumentGuard.Batch(batch, _model);
        ArgumentGuard.Vector(theta, Dimension, nameof(theta), "θ");
        var rows = new FeatureRows(batch, _model.Manifest);
        var features = rows.Create();
        foreach (var micro in MicroBatch.Plan(batch, directions: 0, _options.MaxRows))
        {
            cancellation.ThrowIfCancellationRequested();
            using var run = Prepare("forward", micro, batch, theta);
            run.Execute("features");
            rows.Scatter(run.Output(0), micro, features);
        }

        return ArgumentGuard.Finite(features, "forward");
    }

    /// <inheritdoc/>
    public FeatureTangents Jvp(IReadOnlyList<TokenSequence> batch, ReadOnlySpan<float> theta, ReadOnlySpan<float> directions, CancellationToken cancellation = default)
    {
        ArgumentGuard.Batch(batch, _model);
        ArgumentGuard.Vector(theta, Dimension, nameof(theta), "θ");
        var count = Math.Max(1, directions.Length / Dimension);
        ArgumentGuard.Vector(directions, (long)count * Dimension, nameof(directions), "The matrix of directions [K, d]");
        var rows = new FeatureRows(batch, _model.Manifest);
        var features = rows.Create();
        var tangents = new float[checked(count * features.Length)];
        foreach (var micro in MicroBatch.Plan(batch, Math.Min(count, _options.JvpChunk), _options.MaxRows))
        {
            using var run = Prepare("jvp", micro, batch, theta);
            // Runs of equal size: every run computes the value again, so a short last one would waste most.
            var runs = (count + micro.Directions - 1) / micro.Directions;
            var size = rows.Padded(micro);
            for (var index = 0; index < runs; index++)
            {
                cancellation.ThrowIfCancellationRequested();
                var (first, next) = ((int)((long)count * index / runs), (int)((long)count * (index + 1) / runs));
                var chunk = next - first;
                run.Input("directions", directions.Slice(first * Dimension, chunk * Dimension), chunk, Dimension);
                run.Execute("features", "tangents");
                if (first == 0)
                    rows.Scatter(run.Output(0), micro, features);
                for (var k = 0; k < chunk; k++)
                    rows.Scatter(run.Output(1).Slice(k * size, size), micro, tangents.AsSpan((first + k) * features.Length, features.Length));
            }
        }

        return new FeatureTangents(ArgumentGuard.Finite(features, "jvp"), ArgumentGuard.Finite(tangents, "jvp"));
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">The options forbid it.</exception>
    public float[] Vjp(IReadOnlyList<TokenSequence> batch, ReadOnlySpan<float> theta, ReadOnlySpan<float> cotangents, CancellationToken cancellation = default)
    {
        if (!_options.AllowVjp)
            throw new InvalidOperationException($"{nameof(RuntimeOptions)}.{nameof(RuntimeOptions.AllowVjp)} is false: this runtime may not backpropagate.");
        ArgumentGuard.Batch(batch, _model);
        ArgumentGuard.Vector(theta, Dimension, nameof(theta), "θ");
        var rows = new FeatureRows(batch, _model.Manifest);
        ArgumentGuard.Vector(cotangents, rows.Length, nameof(cotangents), "The matrix of cotangents, shaped as the features,");
        var sum = new double[Dimension];
        foreach (var micro in MicroBatch.Plan(batch, directions: 0, _options.MaxRows))
        {
            cancellation.ThrowIfCancellationRequested();
            using var run = Prepare("vjp", micro, batch, theta);
            run.Input("cotangents", rows.Gather(cotangents, micro), rows.Padded(micro) / FeatureSize, FeatureSize);
            run.Execute("gradient");
            var gradient = run.Output(0);
            for (var index = 0; index < sum.Length; index++)
                sum[index] += gradient[index];
        }

        return ArgumentGuard.Finite(Array.ConvertAll(sum, value => (float)value), "vjp");
    }

    /// <inheritdoc/>
    public void Dispose() => _sessions.Dispose();

    private GraphRun Prepare(string graph, MicroBatch micro, IReadOnlyList<TokenSequence> batch, ReadOnlySpan<float> theta)
    {
        var (count, length) = (micro.Members.Count, micro.Length);
        var rowSize = _model.Manifest.RowSize;
        var hidden = new float[count * length * rowSize];
        var mask = new float[count * length];
        for (var row = 0; row < count; row++)
        {
            var sequence = batch[micro.Members[row]];
            Hidden(sequence).CopyTo(hidden, row * length * rowSize);
            mask.AsSpan(row * length, sequence.Length).Fill(1);
        }

        var run = new GraphRun(_sessions[graph], graph);
        run.Input("hidden", hidden, count, length, rowSize);
        run.Input("attention_mask", mask, count, length);
        run.Input("theta", theta, Dimension);
        return run;
    }

    /// <summary>Output of the frozen prefix [S·H]. Every text runs alone and unpadded, so a cached result has the bits of a fresh one.</summary>
    private float[] Hidden(TokenSequence sequence)
    {
        if (_cache?.Find(sequence) is { } known)
            return known;
        using var run = new GraphRun(_sessions["prefix"], "prefix");
        run.Input("input_ids", sequence.Ids, 1, sequence.Length);
        if (_model.Manifest.Config.TypeVocabularySize > 0)
            run.Input("token_type_ids", sequence.TypeIds ?? new int[sequence.Length], 1, sequence.Length);
        run.Execute("hidden");
        var hidden = run.Output(0).ToArray();
        _cache?.Add(sequence, hidden);
        return hidden;
    }
}
