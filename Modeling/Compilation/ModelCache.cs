using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using FwdLLM.Modeling.Adapters;
using FwdLLM.Modeling.Checkpoints;

namespace FwdLLM.Modeling.Compilation;

/// <summary>Compiled models in a folder, one per checkpoint, adapter specification and compiler version.</summary>
public static class ModelCache
{
    /// <summary>The compiled model (with its reverse-mode graph), compiled now if the cache does not hold it yet. Several processes may call this at once.</summary>
    /// <exception cref="CheckpointException">The checkpoint cannot be read.</exception>
    /// <exception cref="ArgumentException">The specification does not fit the model.</exception>
    public static CompiledModel GetOrCompile(string checkpointFolder, AdapterSpec spec, string cacheFolder)
    {
        using var checkpoint = Checkpoint.Open(checkpointFolder);
        var folder = Path.Combine(cacheFolder, Key(checkpoint.Sha256, AdapterPlan.Normalize(spec, checkpoint.Config)));
        if (Directory.Exists(folder))
            return CompiledModel.Open(folder);
        Directory.CreateDirectory(cacheFolder);
        try
        {
            return ModelCompiler.Compile(checkpoint, spec, folder, withVjp: true);
        }
        catch (IOException) when (Directory.Exists(folder))
        {
            // Another process compiled the same model first; the bytes are the same.
            return CompiledModel.Open(folder);
        }
    }

    /// <summary>Name of the cache entry of a specification with its targets in order.</summary>
    internal static string Key(string checkpointSha256, AdapterSpec spec)
    {
        var text = string.Create(CultureInfo.InvariantCulture, $"{ModelCompiler.Version} {ModelManifest.CurrentFormat} {checkpointSha256} {spec.Kind} {spec.Rank} {spec.Alpha:R} {spec.FirstLayer} {string.Join(',', spec.Targets)}");
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..32];
    }
}
