using FwdLLM.Learning;
using FwdLLM.Modeling.Adapters;
using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Graphs;
using FwdLLM.Modeling.Onnx;
using FwdLLM.Modeling.Precision;

namespace FwdLLM.Modeling.Compilation;

/// <summary>Turns a checkpoint and an adapter specification into a folder that a device can run. Equal inputs give equal bytes.</summary>
public static class ModelCompiler
{
    /// <summary>Changes whenever the same input would give other bytes; part of every cache key.</summary>
    public const int Version = 4;

    /// <summary>Compiles into a folder that must not exist yet. The folder appears whole or not at all.</summary>
    /// <param name="checkpoint">Model.</param>
    /// <param name="spec">Adapter.</param>
    /// <param name="folder">Target.</param>
    /// <param name="withVjp">Add the reverse-mode graph (servers, tests, profiling).</param>
    /// <param name="precision">In which format, and what stays in float32; null is float32 throughout.</param>
    /// <exception cref="ArgumentException">A specification does not fit the model.</exception>
    /// <exception cref="CheckpointException">The checkpoint lacks what the encoder needs.</exception>
    public static CompiledModel Compile(Checkpoint checkpoint, AdapterSpec spec, string folder, bool withVjp, PrecisionSpec? precision = null) =>
        Compile(ModelSource.From(checkpoint), spec, folder, withVjp, precision);

    /// <inheritdoc cref="Compile(Checkpoint, AdapterSpec, string, bool, PrecisionSpec)"/>
    /// <param name="source">Model.</param>
    /// <param name="spec">Adapter.</param>
    /// <param name="folder">Target.</param>
    /// <param name="withVjp">Add the reverse-mode graph.</param>
    /// <param name="precision">In which format.</param>
    public static CompiledModel Compile(ModelSource source, AdapterSpec spec, string folder, bool withVjp, PrecisionSpec? precision = null) =>
        new VariantCompiler(source, spec).Compile(precision ?? PrecisionSpec.Float32, folder, withVjp);

    internal static CompiledModel Compile(ModelSource source, AdapterPlan plan, PrecisionPlan precision, string folder, bool withVjp)
    {
        folder = Path.GetFullPath(folder);
        if (Directory.Exists(folder))
            throw new ArgumentException($"{folder} exists already; choose another folder or remove it.", nameof(folder));
        var partial = $"{folder}.partial-{Guid.NewGuid():n}";
        Directory.CreateDirectory(partial);
        try
        {
            var manifest = Write(source, plan, precision, partial, withVjp);
            File.WriteAllBytes(Path.Combine(partial, CompiledModel.ManifestFile), manifest.ToBytes());
            Directory.Move(partial, folder);
        }
        finally
        {
            if (Directory.Exists(partial))
                Directory.Delete(partial, recursive: true);
        }

        return CompiledModel.Open(folder);
    }

    /// <summary>How θ of an adapter would be divided, without compiling anything.</summary>
    /// <param name="checkpoint">Model.</param>
    /// <param name="spec">Adapter.</param>
    /// <exception cref="ArgumentException">The specification does not fit the model.</exception>
    public static AdapterLayout Layout(Checkpoint checkpoint, AdapterSpec spec) =>
        AdapterPlan.Create(spec, checkpoint.Config, checkpoint.Pooling, weights: null).Layout;

    private static ModelManifest Write(ModelSource source, AdapterPlan plan, PrecisionPlan precision, string folder, bool withVjp)
    {
        var graphs = new List<ModelGraph>();
        IReadOnlyList<WeightEntry> entries, factorEntries;
        int rowSize;
        using (var weights = new WeightFile(Path.Combine(folder, CompiledModel.WeightsFile)))
        using (var factors = new WeightFile(Path.Combine(folder, CompiledModel.FactorsFile)))
        {
            precision.Write(source.Tensors, weights);
            plan.Adapter.WriteFrozen(weights, factors);
            var emitter = new ModelGraphs(source.Config, source.Pooling, plan, precision, weights);
            rowSize = emitter.RowSize;
            graphs.Add(WriteGraph(folder, "prefix", emitter.Prefix()));
            graphs.Add(WriteGraph(folder, "forward", emitter.Forward()));
            graphs.Add(WriteGraph(folder, "jvp", emitter.Jvp()));
            if (withVjp)
                graphs.Add(WriteGraph(folder, "vjp", emitter.Vjp()));
            (entries, factorEntries) = ([.. weights.Entries], [.. factors.Entries]);
        }

        foreach (var file in source.TokenizerFiles)
        {
            using var from = file.Open();
            using var to = File.Create(Path.Combine(folder, file.Name));
            from.CopyTo(to);
        }

        return new ModelManifest
        {
            Format = ModelManifest.CurrentFormat,
            Compiler = Version,
            CheckpointSha256 = source.Sha256,
            Config = source.Config,
            WeightFormat = precision.Spec.Format,
            KeepFloat = precision.Spec.KeepFloat,
            Pooling = source.Pooling,
            RowSize = rowSize,
            FeatureSize = source.Config.HiddenSize,
            Adapter = plan.Spec,
            Blocks = plan.Layout.Blocks,
            Graphs = graphs,
            Weights = entries,
            Factors = factorEntries,
            Files = [.. Directory.GetFiles(folder).Order(StringComparer.Ordinal).Select(path => new ModelFile(Path.GetFileName(path), new FileInfo(path).Length, CompiledModel.Sha256(path)))],
        };
    }

    private static ModelGraph WriteGraph(string folder, string name, GraphBuilder graph)
    {
        File.WriteAllBytes(Path.Combine(folder, name + ".onnx"), graph.ToBytes());
        return new ModelGraph(name, name + ".onnx", graph.Weights);
    }
}
