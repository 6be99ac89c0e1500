namespace FwdLLM.Modeling.Checkpoints;

/// <summary>Opens the weights of a Hugging Face folder, whichever way they are stored.</summary>
public static class TensorFiles
{
    /// <summary>File name of weights in one file.</summary>
    public const string SingleFile = "model.safetensors";

    /// <summary>File name of the index of sharded weights.</summary>
    public const string IndexFile = "model.safetensors.index.json";

    /// <summary>Opens model.safetensors where there is one, otherwise the shards of model.safetensors.index.json.</summary>
    /// <exception cref="CheckpointException">The folder has neither, or what it has is damaged.</exception>
    public static ITensorFile Open(string folder)
    {
        var single = Path.Combine(folder, SingleFile);
        if (File.Exists(single))
            return SafetensorsFile.Open(single);
        var index = Path.Combine(folder, IndexFile);
        return File.Exists(index)
            ? ShardedSafetensors.Open(index)
            : throw new CheckpointException($"{folder} has neither {SingleFile} nor {IndexFile}; pickled checkpoints are not read. Save the model again with safe serialisation.");
    }
}
