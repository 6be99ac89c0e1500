using FwdLLM.Cli.Settings;
using FwdLLM.Modeling.Adapters;
using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Compilation;

namespace FwdLLM.Cli.Commands;

/// <summary>The folder that a silo serves: one compiled model in each subfolder, named by the SHA-256 of its manifest.</summary>
internal static class ArtifactFolder
{
    /// <summary>Compiles a checkpoint into the folder, pooled as told or as the checkpoint is; does nothing more when the same is there already.</summary>
    public static CompiledModel Add(string model, AdapterSpec adapter, string artifacts, PoolingKind? pooling = null)
    {
        if (!Directory.Exists(model) && !File.Exists(model))
            throw new InputException($"the model \"{model}\" does not exist; give the folder that holds config.json and model.safetensors, or a GGUF file.");
        using var checkpoint = Checkpoint.Open(model);
        Directory.CreateDirectory(artifacts);
        var staging = Path.Combine(artifacts, $".compiling-{Guid.NewGuid():n}");
        try
        {
            var sha256 = Compile(checkpoint, adapter, staging, pooling).ManifestSha256;
            var folder = Path.Combine(artifacts, sha256);
            if (!Directory.Exists(folder))
                Directory.Move(staging, folder);
            return CompiledModel.Open(folder);
        }
        finally
        {
            if (Directory.Exists(staging))
                Directory.Delete(staging, recursive: true);
        }
    }

    private static CompiledModel Compile(Checkpoint checkpoint, AdapterSpec adapter, string folder, PoolingKind? pooling)
    {
        try
        {
            var source = ModelSource.From(checkpoint);
            return ModelCompiler.Compile(source with { Pooling = pooling ?? source.Pooling }, adapter, folder, withVjp: false);
        }
        catch (ArgumentException e)
        {
            throw new InputException($"the adapter {AdapterOption.Format(adapter)} does not fit the model: {e.Message}");
        }
    }
}
