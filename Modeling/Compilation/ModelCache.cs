using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using FwdLLM.Modeling.Adapters;
using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Precision;

namespace FwdLLM.Modeling.Compilation;

/// <summary>Compiled models in a folder, one per checkpoint, pooling, adapter specification, precision and compiler version.</summary>
public static class ModelCache
{
    /// <summary>The compiled model (with its reverse-mode graph), compiled now if the cache does not hold it yet. Several processes may call this at once.</summary>
    /// <param name="checkpointFolder">Model.</param>
    /// <param name="spec">Adapter.</param>
    /// <param name="cacheFolder">The cache; made if it is not there.</param>
    /// <param name="pooling">How to pool; null as the checkpoint does.</param>
    /// <exception cref="CheckpointException">The checkpoint cannot be read.</exception>
    /// <exception cref="ArgumentException">The specification does not fit the model.</exception>
    public static CompiledModel GetOrCompile(string checkpointFolder, AdapterSpec spec, string cacheFolder, PoolingKind? pooling = null) =>
        GetOrCreate(checkpointFolder, spec, PrecisionSpec.Float32, cacheFolder, (_, source, folder) => ModelCompiler.Compile(source, spec, folder, withVjp: true), pooling);

    /// <summary>The entry of a specification, created now if the cache does not hold it yet.</summary>
    /// <param name="checkpointFolder">Model.</param>
    /// <param name="spec">Adapter.</param>
    /// <param name="precision">Precision as asked for.</param>
    /// <param name="cacheFolder">The cache; made if it is not there.</param>
    /// <param name="create">Compiles the checkpoint, pooled as told, into a folder that does not exist yet.</param>
    /// <param name="pooling">How to pool; null as the checkpoint does.</param>
    public static CompiledModel GetOrCreate(string checkpointFolder, AdapterSpec spec, PrecisionSpec precision, string cacheFolder, Func<Checkpoint, ModelSource, string, CompiledModel> create, PoolingKind? pooling = null)
    {
        using var checkpoint = Checkpoint.Open(checkpointFolder);
        var source = ModelSource.From(checkpoint);
        source = source with { Pooling = pooling ?? source.Pooling };
        var folder = Path.Combine(cacheFolder, Key(checkpoint.Sha256, source.Pooling, AdapterPlan.Normalize(spec, checkpoint.Config), precision));
        if (Directory.Exists(folder))
            return CompiledModel.Open(folder);
        Directory.CreateDirectory(cacheFolder);
        try
        {
            return create(checkpoint, source, folder);
        }
        catch (IOException) when (Directory.Exists(folder))
        {
            // Another process compiled the same model first; the bytes are the same.
            return CompiledModel.Open(folder);
        }
    }

    /// <summary>Name of the cache entry of a specification with its targets in order.</summary>
    internal static string Key(string checkpointSha256, PoolingKind pooling, AdapterSpec spec, PrecisionSpec precision)
    {
        // The whole specification, so that a field added to it tells entries apart without a change here.
        var text = FormattableString.Invariant($"{ModelCompiler.Version} {ModelManifest.CurrentFormat} {checkpointSha256} {pooling} {JsonSerializer.Serialize(precision)} {JsonSerializer.Serialize(spec)}");
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..32];
    }
}
