using System.Text.Json;
using FwdLLM.Modeling.Architectures;

namespace FwdLLM.Modeling.Checkpoints;

/// <summary>Decides how a checkpoint pools.</summary>
internal static class PoolingReader
{
    public const string Folder = "1_Pooling";

    private const string ModePrefix = "pooling_mode_";
    private const string MeanMode = "pooling_mode_mean_tokens";

    public static PoolingKind Read(string folder, ModelConfig config, Func<string, bool> contains)
    {
        var path = Path.Combine(folder, Folder, Checkpoint.ConfigFile);
        if (File.Exists(path))
            return ReadModes(path);
        var architecture = KnownArchitectures.Get(config.Architecture);
        var missing = architecture.FeatureLayers(config).FirstOrDefault(layer => !contains(layer.Module + ".weight"));
        if (missing is null)
            return PoolingKind.Pooler;
        if (contains(architecture.Heads(config)[0].Module + ".weight"))
            throw new CheckpointException($"{folder} has a classifier but not the layer '{missing.Module}' before it: a token classifier, which is not supported. Use a sequence classifier or a plain encoder.");
        return PoolingKind.Mean;
    }

    private static PoolingKind ReadModes(string path)
    {
        using var document = JsonFile.Read(path);
        var modes = document.RootElement.EnumerateObject()
            .Where(property => property.Name.StartsWith(ModePrefix, StringComparison.Ordinal) && property.Value.ValueKind == JsonValueKind.True)
            .Select(property => property.Name)
            .ToList();
        if (modes is [MeanMode])
            return PoolingKind.Mean;
        throw new CheckpointException($"{path} asks for {(modes.Count == 0 ? "no pooling mode" : string.Join(" and ", modes))}; supported is {MeanMode} alone. Remove the {Folder} folder to use the checkpoint's pooler layer.");
    }
}
