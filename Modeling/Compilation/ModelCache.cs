using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using FwdLLM.Modeling.Adapters;
using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Precision;

namespace FwdLLM.Modeling.Compilation;

/// <summary>Compiled models in a folder, one per checkpoint, adapter specification, precision and compiler version.</summary>
public static class ModelCache
{
    /// <summary>The compiled model (with its reverse-mode graph), compiled now if the cache does not hold it yet. Several processes may call this at once.</summary>
    /// <exception cref="CheckpointException">The checkpoint cannot be read.</exception>
    /// <exception cref="ArgumentException">The specification does not fit the model.</exception>
    public static CompiledModel GetOrCompile(string checkpointFolder, AdapterSpec spec, string cacheFolder) =>
        GetOrCreate(checkpointFolder, spec, PrecisionSpec.Float32, cacheFolder, (checkpoint, folder) => ModelCompiler.Compile(checkpoint, spec, folder, withVjp: true));

    /// <summary>The entry of a specification, created now if the cache does not hold it yet.</summary>
    /// <param name="checkpointFolder">Checkpoint.</param>
    /// <param name="spec">Adapter.</param>
    /// <param name="precision">Precision as asked for.</param>
    /// <param name="cacheFolder">Cache.</param>
    /// <param name="create">Compiles the checkpoint into a folder that does not exist yet.</param>
    public static CompiledModel GetOrCreate(string checkpointFolder, AdapterSpec spec, PrecisionSpec precision, string cacheFolder, Func<Checkpoint, string, CompiledModel> create)
    {
        using var checkpoint = Checkpoint.Open(checkpointFolder);
        var folder = Path.Combine(cacheFolder, Key(checkpoint.Sha256, AdapterPlan.Normalize(spec, checkpoint.Config), precision));
        if (Directory.Exists(folder))
            return CompiledModel.Open(folder);
        Directory.CreateDirectory(cacheFolder);
        try
        {
            return create(checkpoint, folder);
        }
        catch (IOException) when (Directory.Exists(folder))
        {
            // Another process compiled the same model first; the bytes are the same.
            return CompiledModel.Open(folder);
        }
    }

    /// <summary>Name of the cache entry of a specification with its targets in order.</summary>
    internal static string Key(string checkpointSha256, AdapterSpec spec, PrecisionSpec precision)
    {
        // The whole specification, so that a field added to it tells entries apart without a change here.
        var text = FormattableString.Invariant($"{ModelCompiler.Version} {ModelManifest.CurrentFormat} {checkpointSha256} {JsonSerializer.Serialize(precision)} {JsonSerializer.Serialize(spec)}");
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..32];
    }
}
