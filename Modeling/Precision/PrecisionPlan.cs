using FwdLLM.Modeling.Adapters;
using FwdLLM.Modeling.Architectures;
using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Onnx;

namespace FwdLLM.Modeling.Precision;

/// <summary>A <see cref="PrecisionSpec"/> laid over a model: the format of every weight.</summary>
internal sealed class PrecisionPlan
{
    private readonly WeightFormat _format;
    private readonly WeightFormat _float = WeightFormats.Get(WeightFormats.Float32);
    private readonly HashSet<string> _kept;
    private readonly Dictionary<string, ModelTensor> _linear;
    private readonly string? _quantizedTable;

    private readonly ModelTensor? _output;

    private PrecisionPlan(PrecisionSpec spec, IReadOnlyList<ModelTensor> tensors, string? quantizedTable, ModelTensor? output)
    {
        _output = output;
        Spec = spec;
        Tensors = tensors;
        _format = WeightFormats.Get(spec.Format);
        _kept = [.. spec.KeepFloat.Select(module => module + ".weight")];
        _linear = tensors.Where(tensor => tensor.Role == TensorRole.Linear).ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        _quantizedTable = quantizedTable;
    }

    /// <summary>The specification with layers to keep as modules, in the order of the model's tensors.</summary>
    public PrecisionSpec Spec { get; }

    /// <summary>Every tensor of the model and its pooling.</summary>
    public IReadOnlyList<ModelTensor> Tensors { get; }

    /// <summary>Modules of the linear layers that are not in float32.</summary>
    public IReadOnlyList<string> Quantized => _format is Float32Format
        ? []
        : [.. _linear.Keys.Where(name => !_kept.Contains(name)).Select(name => name[..^".weight".Length])];

    /// <exception cref="ArgumentException">The format is not known, or a layer to keep is not one of the model's.</exception>
    public static PrecisionPlan Create(PrecisionSpec spec, ModelConfig config, PoolingKind pooling)
    {
        var architecture = KnownArchitectures.Get(config.Architecture);
        var format = WeightFormats.Get(spec.Format);
        IReadOnlyList<ModelTensor> tensors = [.. architecture.Required(config), .. pooling == PoolingKind.Pooler ? architecture.FeatureLayers(config).SelectMany(ModelTensor.Linear) : []];
        if (spec.IsAuto)
            throw new ArgumentException("The layers to keep in float32 are 'auto', which the admission test must replace by names first.", nameof(spec));
        if (format is Float32Format && spec.KeepFloat.Count > 0)
            throw new ArgumentException($"Layers to keep in float32 ({string.Join(", ", spec.KeepFloat)}) are named for a model that is in float32 anyway; leave them out or choose another precision.", nameof(spec));
        var places = AdapterPlan.Places(config, pooling);
        var kept = new HashSet<string>(StringComparer.Ordinal);
        foreach (var name in spec.KeepFloat)
        {
            var modules = tensors.Where(tensor => tensor.Role == TensorRole.Linear).Select(tensor => tensor.Name[..^".weight".Length])
                .Where(module => module == name || places.Any(place => place.Module == module && place.Target == name)).ToList();
            if (modules.Count == 0)
                throw new ArgumentException($"'{name}' is not a linear layer of this {config.Architecture} model; name {string.Join(", ", places.Select(place => place.Target).OfType<string>().Distinct())}, or a module such as {places.First(place => place.Target is not null).Module}.", nameof(spec));
            kept.UnionWith(modules);
        }

        // A table that is the output layer too is read as a matrix: it stays in float32.
        var table = format.QuantizesTables && config.TiedOutput != true ? architecture.WordEmbeddings : null;
        return new PrecisionPlan(spec with { KeepFloat = [.. tensors.Select(tensor => tensor.Name).Where(name => name.EndsWith(".weight", StringComparison.Ordinal)).Select(name => name[..^".weight".Length]).Where(kept.Contains)] }, tensors, table, Output(architecture, config, pooling));
    }

    /// <summary>The weight of this name; one that the model does not list as a linear layer's is in float32.</summary>
    public LinearWeight Weight(string name) => _linear.TryGetValue(name, out var tensor)
        ? FormatOf(tensor).Weight(tensor)
        : _float.Weight(new ModelTensor(name, [], TensorRole.Linear));

    /// <summary>Writes every tensor.</summary>
    public void Write(ITensorSource source, WeightFile file)
    {
        foreach (var tensor in Tensors)
        {
            if (tensor.Role == TensorRole.Linear)
                FormatOf(tensor).Write(file, tensor, source);
            else if (tensor.Name == _quantizedTable)
                EmbeddingTable.WriteQuantized(file, tensor, source);
            else
                file.Add(tensor.Name, source.ReadFloat32(tensor.Name), tensor.Shape);
        }

        if (_output is not null && source.Contains(_output.Name))
            file.Add(_output.Name, source.ReadFloat32(_output.Name), _output.Shape);
    }

    // Scores of the vocabulary are computed on the host, from features per token; a tied output layer is among the tensors already.
    private static ModelTensor? Output(Architecture architecture, ModelConfig config, PoolingKind pooling)
        => pooling == PoolingKind.Tokens && architecture.OutputWeight(config) is { } output && output != architecture.WordEmbeddings
            ? new ModelTensor(output, [config.VocabularySize, config.HiddenSize], TensorRole.Table)
            : null;

    private WeightFormat FormatOf(ModelTensor tensor) => _kept.Contains(tensor.Name) ? _float : _format;
}
