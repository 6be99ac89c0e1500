using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using FwdLLM.Modeling.Adapters;
using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Precision;

namespace FwdLLM.Modeling.Compilation;

/// <summary>Compiled models in a folder, one per checkpoint, pooling, adapter specification, weight format and compiler version.</summary>
public static class ModelCache
{
    /// <summary>The compiled model (with its reverse-mode graph), compiled now if the cache does not hold it yet. Several processes may call this at once.</summary>
    /// <param name="checkpointFolder">Model.</param>
    /// <param name="spec">Adapter.</param>
    /// <param name="cacheFolder">The cache; made if it is not there.</param>
    /// <param name="weightFormat">How to store linear weights.</param>
    /// <param name="pooling">How to pool; null as the checkpoint does.</param>
    /// <exception cref="CheckpointException">The checkpoint cannot be read.</exception>
    /// <exception cref="ArgumentException">The specification does not fit the model.</exception>
    public static CompiledModel GetOrCompile(string checkpointFolder, AdapterSpec spec, string cacheFolder, string weightFormat = WeightFormats.Float32, PoolingKind? pooling = null)
    {
        using var checkpoint = Checkpoint.Open(checkpointFolder);
        var source = ModelSource.From(checkpoint);
        source = source with { Pooling = pooling ?? source.Pooling };
        var folder = Path.Combine(cacheFolder, Key(checkpoint.Sha256, source.Pooling, AdapterPlan.Normalize(spec, checkpoint.Config), weightFormat));
        if (Directory.Exists(folder))
            return CompiledModel.Open(folder);
        Directory.CreateDirectory(cacheFolder);
        try
        {
            return ModelCompiler.Compile(source, spec, folder, withVjp: true, weightFormat);
        }
        catch (IOException) when (Directory.Exists(folder))
        {
            // Another process compiled the same model first; the bytes are the same.
            return CompiledModel.Open(folder);
        }
    }

    /// <summary>Name of the cache entry of a specification with its targets in order.</summary>
    internal static string Key(string checkpointSha256, PoolingKind pooling, AdapterSpec spec, string weightFormat)
    {
        // The whole specification, so that a field added to it tells entries apart without a change here.
        var text = FormattableString.Invariant($"{ModelCompiler.Version} {ModelManifest.CurrentFormat} {checkpointSha256} {pooling} {weightFormat} {JsonSerializer.Serialize(spec)}");
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..32];
    }
}
