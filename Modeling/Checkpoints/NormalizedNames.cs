using FwdLLM.Modeling.Architectures;

namespace FwdLLM.Modeling.Checkpoints;

/// <summary>Maps the names that different exports of one architecture use to one set, its canonical names.</summary>
internal sealed class NormalizedNames
{
    public const string ScaleSuffix = ".scale";

    private readonly Dictionary<string, TensorInfo> _tensors = new(StringComparer.Ordinal);

    public NormalizedNames(ITensorFile file, Architecture architecture)
    {
        foreach (var tensor in file.Tensors.Values)
        {
            var name = architecture.Normalize(tensor.Name);
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
}
