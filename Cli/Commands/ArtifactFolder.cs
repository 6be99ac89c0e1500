using FwdLLM.Cli.Running;
using FwdLLM.Modeling.Adapters;
using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Compilation;
using FwdLLM.Modeling.Precision;

namespace FwdLLM.Cli.Commands;

/// <summary>The folder that a silo serves: one compiled model in each subfolder, named by the SHA-256 of its manifest.</summary>
internal static class ArtifactFolder
{
    /// <summary>Compiles a checkpoint into the folder; does nothing more when the same is there already.</summary>
    /// <param name="model">Checkpoint.</param>
    /// <param name="adapter">Adapter.</param>
    /// <param name="precision">Precision.</param>
    /// <param name="texts">Texts to test a quantised model with.</param>
    /// <param name="artifacts">Folder of compiled models.</param>
    /// <param name="report">Told what the test finds.</param>
    /// <param name="withVjp">With the graph of exact gradients.</param>
    /// <param name="pooling">How to pool; null as the checkpoint does.</param>
    public static CompiledModel Add(string model, AdapterSpec adapter, PrecisionSpec precision, Func<IEnumerable<string>> texts, string artifacts, Action<string> report, bool withVjp, PoolingKind? pooling = null)
    {
        if (!Directory.Exists(model) && !File.Exists(model))
            throw new InputException($"the model \"{model}\" does not exist; give the folder that holds config.json and model.safetensors, or a GGUF file.");
        using var checkpoint = Checkpoint.Open(model);
        Directory.CreateDirectory(artifacts);
        var staging = Path.Combine(artifacts, $".compiling-{Guid.NewGuid():n}");
        try
        {
            var source = ModelSource.From(checkpoint);
            var sha256 = PreciseModel.Compile(source with { Pooling = pooling ?? source.Pooling }, checkpoint.LoadTokenizer, adapter, precision, staging, withVjp, texts, threads: 1, report).ManifestSha256;
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
}
