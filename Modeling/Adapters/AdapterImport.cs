using FwdLLM.Modeling.Architectures;
using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Peft;

namespace FwdLLM.Modeling.Adapters;

/// <summary>
/// Takes up an adapter that another program saved (adapter_config.json and adapter_model.safetensors): which specification
/// trains the same parameters, and their values as θ. Layers saved whole beside the adapter are not part of θ:
/// <see cref="PeftAdapter"/> reads those.
/// </summary>
public static class AdapterImport
{
    /// <summary>The specification of a saved adapter, or null when no known kind reads it.</summary>
    /// <param name="folder">The adapter's folder.</param>
    /// <param name="config">The base model.</param>
    /// <exception cref="CheckpointException">A file is missing or damaged, or the adapter is of a known kind but does something that is not supported.</exception>
    public static AdapterSpec? Specification(string folder, ModelConfig config)
    {
        var path = Path.Combine(folder, PeftExporter.ConfigFile);
        using var document = JsonFile.Read(path);
        var architecture = KnownArchitectures.Get(config.Architecture);
        var places = AdapterPlan.Places(config, PoolingKind.Mean);
        var spec = AdapterKinds.All.Select(kind => kind.Read(path, document.RootElement, architecture, places)).FirstOrDefault(spec => spec is not null);
        try
        {
            return spec is null ? null : AdapterPlan.Create(spec, config, PoolingKind.Pooler, weights: null).Spec;
        }
        catch (ArgumentException error)
        {
            throw new CheckpointException($"{path} does not fit this {config.Architecture} model: {error.Message} Choose the base model that it was trained on.", error);
        }
    }

    /// <summary>The values of a saved adapter as θ of a model compiled with its <see cref="Specification"/>.</summary>
    /// <param name="folder">The adapter's folder.</param>
    /// <param name="spec">Its specification.</param>
    /// <param name="checkpoint">The base model.</param>
    /// <returns>θ [d].</returns>
    /// <exception cref="CheckpointException">A tensor is missing or has another size.</exception>
    /// <exception cref="ArgumentException">The specification does not fit the base model, or its kind is never saved in a form of its own.</exception>
    public static float[] Theta(string folder, AdapterSpec spec, Checkpoint checkpoint)
    {
        using var file = SafetensorsFile.Open(Path.Combine(folder, PeftExporter.WeightsFile));
        var names = SavedNames(file, checkpoint.Config);
        var plan = AdapterPlan.Create(spec, checkpoint.Config, checkpoint.Pooling, checkpoint);
        var theta = new float[plan.Layout.Dimension];
        foreach (var (parameter, block) in plan.Adapter.Parameters.Zip(plan.Layout.Blocks))
        {
            var canonical = parameter.SavedAs ?? throw new ArgumentException($"Adapters of kind '{spec.Kind}' are not saved in a form of their own; import the LoRA that was exported.", nameof(spec));
            var tensor = names.TryGetValue(canonical, out var name)
                ? file[name]
                : throw new CheckpointException($"{file.Path} has no tensor for '{canonical}', which {PeftExporter.ConfigFile} calls for; the two files do not belong together.");
            if (tensor.Shape.Aggregate(1L, (product, size) => product * size) != block.Length)
                throw new CheckpointException($"{file.Path}: tensor '{name}' is {tensor.ShapeText} where {block.Length} values are expected; the adapter belongs to another model.");
            var values = file.ReadFloat32(tensor.Name);
            var origin = parameter.Origin?.Invoke();
            for (var index = 0; index < values.Length; index++)
                theta[block.Offset + index] = values[index] - (origin?[index] ?? 0);
        }

        RefuseStrays(file, names, plan.Adapter, checkpoint.Config);
        return theta;
    }

    // What is neither in θ nor a layer before or in the head would be left out without a word.
    private static void RefuseStrays(SafetensorsFile file, IReadOnlyDictionary<string, string> names, Adapter adapter, ModelConfig config)
    {
        var architecture = KnownArchitectures.Get(config.Architecture);
        var known = adapter.Parameters.Select(parameter => parameter.SavedAs).ToHashSet();
        var heads = architecture.Heads(config).Concat(architecture.FeatureLayers(config)).SelectMany(layer => new[] { layer.Module + ".weight", layer.Module + ".bias" }).ToHashSet();
        if (names.Keys.Where(name => !known.Contains(name) && !heads.Contains(name)).Order(StringComparer.Ordinal).FirstOrDefault() is { } stray)
            throw new CheckpointException($"{file.Path}: tensor '{names[stray]}' is trained in this adapter but not by what {PeftExporter.ConfigFile} asks for; train the adapter without that module.");
    }

    /// <summary>The tensors of a saved adapter by their canonical names.</summary>
    internal static IReadOnlyDictionary<string, string> SavedNames(SafetensorsFile file, ModelConfig config)
    {
        var architecture = KnownArchitectures.Get(config.Architecture);
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var name in file.Tensors.Keys)
        {
            var canonical = architecture.Normalize(name.StartsWith(PeftExporter.KeyPrefix, StringComparison.Ordinal) ? name[PeftExporter.KeyPrefix.Length..] : name);
            if (!names.TryAdd(canonical, name))
                throw new CheckpointException($"{file.Path}: tensors '{names[canonical]}' and '{name}' both mean '{canonical}'; remove one of them.");
        }

        return names;
    }
}
