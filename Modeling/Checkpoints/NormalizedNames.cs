namespace FwdLLM.Modeling.Checkpoints;

/// <summary>Maps the names that different BERT exports use to one set: without "bert.", with weight and bias for the norms' old gamma and beta.</summary>
internal sealed class NormalizedNames
{
    public const string ScaleSuffix = ".scale";
    private const string Prefix = "bert.";

    private readonly Dictionary<string, TensorInfo> _tensors = new(StringComparer.Ordinal);

    public NormalizedNames(SafetensorsFile file)
    {
        foreach (var tensor in file.Tensors.Values)
        {
            var name = Normalize(tensor.Name);
            if (!_tensors.TryAdd(name, tensor))
                throw new CheckpointException($"{file.Path}: tensors '{_tensors[name].Name}' and '{tensor.Name}' both mean '{name}'; remove one of them.");
        }

        All = [.. _tensors.Keys.Where(name => !IsScale(name)).Order(StringComparer.Ordinal)];
    }

    /// <summary>All names except scales, in ordinal order.</summary>
    public IReadOnlyList<string> All { get; }

    public TensorInfo? Find(string name) => _tensors.GetValueOrDefault(name);

    private bool IsScale(string name) =>
        name.EndsWith(ScaleSuffix, StringComparison.Ordinal)
        && _tensors.TryGetValue(name[..^ScaleSuffix.Length], out var scaled) && scaled.Type == TensorType.I8;

    private static string Normalize(string name)
    {
        if (name.StartsWith(Prefix, StringComparison.Ordinal))
            name = name[Prefix.Length..];
        if (name.EndsWith("LayerNorm.gamma", StringComparison.Ordinal))
            return string.Concat(name.AsSpan(0, name.Length - "gamma".Length), "weight");
        return name.EndsWith("LayerNorm.beta", StringComparison.Ordinal) ? string.Concat(name.AsSpan(0, name.Length - "beta".Length), "bias") : name;
    }
}
