using FwdLLM.Modeling.Adapters;
using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Graphs;
using FwdLLM.Modeling.Onnx;

namespace FwdLLM.Modeling.Compilation;

/// <summary>Turns a checkpoint and an adapter specification into a folder that a device can run. Equal inputs give equal bytes.</summary>
public static class ModelCompiler
{
    /// <summary>Changes whenever the same input would give other bytes; part of every cache key.</summary>
    public const int Version = 1;

    /// <summary>Compiles into a folder that must not exist yet. The folder appears whole or not at all.</summary>
    /// <param name="checkpoint">Model.</param>
    /// <param name="spec">Adapter.</param>
    /// <param name="folder">Target.</param>
    /// <param name="withVjp">Add the reverse-mode graph (servers, tests, profiling).</param>
    /// <exception cref="ArgumentException">The specification does not fit the model.</exception>
    /// <exception cref="CheckpointException">The checkpoint lacks what the encoder needs.</exception>
    public static CompiledModel Compile(Checkpoint checkpoint, AdapterSpec spec, string folder, bool withVjp) => Compile(ModelSource.From(checkpoint), spec, folder, withVjp);

    /// <inheritdoc cref="Compile(Checkpoint, AdapterSpec, string, bool)"/>
    /// <param name="source">Model.</param>
    /// <param name="spec">Adapter.</param>
    /// <param name="folder">Target.</param>
    /// <param name="withVjp">Add the reverse-mode graph.</param>
    public static CompiledModel Compile(ModelSource source, AdapterSpec spec, string folder, bool withVjp)
    {
        var plan = AdapterPlan.Create(spec, source.Config, source.Tensors);
        if (!BertConfig.SupportedActivations.Contains(source.Config.HiddenActivation))
            throw new CheckpointException($"Activation '{source.Config.HiddenActivation}' has no graph rule; supported: {string.Join(", ", BertConfig.SupportedActivations)}.");
        folder = Path.GetFullPath(folder);
        if (Directory.Exists(folder))
            throw new ArgumentException($"{folder} exists already; choose another folder or remove it.", nameof(folder));
        var partial = $"{folder}.partial-{Guid.NewGuid():n}";
        Directory.CreateDirectory(partial);
        try
        {
            var manifest = Write(source, spec, plan, partial, withVjp);
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

    private static ModelManifest Write(ModelSource source, AdapterSpec spec, AdapterPlan plan, string folder, bool withVjp)
    {
        var graphs = new List<ModelGraph>();
        IReadOnlyList<WeightEntry> entries, factorEntries;
        using (var weights = new WeightFile(Path.Combine(folder, CompiledModel.WeightsFile)))
        using (var factors = new WeightFile(Path.Combine(folder, CompiledModel.FactorsFile)))
        {
            WriteWeights(source, weights);
            foreach (var adapter in plan.Adapters)
                adapter.WriteFrozen(weights, factors);

            var emitter = new BertGraphs(source.Config, source.Pooling, plan, spec.FirstLayer, weights);
            graphs.Add(WriteGraph(folder, "prefix", emitter.Prefix()));
            graphs.Add(WriteGraph(folder, "forward", emitter.Forward()));
            graphs.Add(WriteGraph(folder, "jvp", emitter.Jvp()));
            if (withVjp)
                graphs.Add(WriteGraph(folder, "vjp", emitter.Vjp()));
            (entries, factorEntries) = ([.. weights.Entries], [.. factors.Entries]);
        }

        foreach (var file in source.TokenizerFiles)
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        return new ModelManifest
        {
            Format = ModelManifest.CurrentFormat,
            Compiler = Version,
            Architecture = "bert",
            CheckpointSha256 = source.Sha256,
            Config = source.Config,
            Pooling = source.Pooling,
            FeatureSize = source.Config.HiddenSize,
            // One order of targets, whichever the caller used: equal models get equal manifests.
            Adapter = spec with { Targets = [.. AdapterSpec.AllLinear.Where(spec.Targets.Contains)] },
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

    // Linear weights go in transposed, [in, out], as MatMul reads them; everything else as it is.
    private static void WriteWeights(ModelSource source, WeightFile weights)
    {
        IEnumerable<(string Name, int[] Shape)> tensors = BertTensors.Required(source.Config);
        if (source.Pooling == PoolingKind.Pooler)
            tensors = tensors.Concat([(BertTensors.PoolerWeight, [source.Config.HiddenSize, source.Config.HiddenSize]), (BertTensors.PoolerBias, [source.Config.HiddenSize])]);
        foreach (var (name, shape) in tensors)
        {
            var values = source.Tensors.ReadFloat32(name);
            if (shape.Length == 2 && !name.StartsWith("embeddings.", StringComparison.Ordinal))
                weights.Add(name, Matrices.Transpose(values, shape[0], shape[1]), shape[1], shape[0]);
            else
                weights.Add(name, values, shape);
        }
    }
}
