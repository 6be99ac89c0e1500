using FwdLLM.Modeling.Architectures;
using FwdLLM.Modeling.Tokenization;

namespace FwdLLM.Modeling.Checkpoints;

/// <summary>
/// A model as it was published: a Hugging Face folder (config.json, safetensors in one file or in shards, tokenizer files), or a GGUF
/// file. Tensor names are the same for every checkpoint of one architecture (Hugging Face's, without the base model's prefix), and
/// quantised weights read back as floats. Safe to read from several threads.
/// </summary>
public abstract class Checkpoint : ITensorSource, IDisposable
{
    /// <summary>File name of a folder's configuration.</summary>
    public const string ConfigFile = "config.json";

    /// <summary>File name of a folder's weights where they are in one file.</summary>
    public const string WeightsFile = TensorFiles.SingleFile;

    /// <summary>Ending of GGUF files.</summary>
    public const string GgufExtension = ".gguf";

    private readonly Lazy<string> _sha256;

    private protected Checkpoint(string location, ModelConfig config)
    {
        (Location, Config) = (location, config);
        _sha256 = new Lazy<string>(ComputeSha256);
    }

    /// <summary>Folder or file the checkpoint was opened from.</summary>
    public string Location { get; }

    /// <summary>Architecture and sizes.</summary>
    public ModelConfig Config { get; }

    /// <summary>How the model pools: the mean where 1_Pooling/config.json says so or nothing else is there, otherwise as its own classifier does.</summary>
    public PoolingKind Pooling { get; private protected init; }

    /// <summary>Names of all tensors, without prefix, in ordinal order; scales of INT8 tensors are not among them.</summary>
    public abstract IReadOnlyList<string> Names { get; }

    /// <summary>The files that a folder must have for <see cref="Tokenizers.Load"/> to find this model's tokenizer; empty where the model comes without one.</summary>
    /// <exception cref="CheckpointException">The tokenizer is of a kind that cannot be written.</exception>
    public abstract IReadOnlyList<TokenizerFile> TokenizerFiles { get; }

    /// <summary>
    /// Lower-case hexadecimal SHA-256 of what the model computes: of a folder over configuration, pooling, tokenizer files, and every
    /// tensor's name, type, shape and bytes, whatever their order; of a GGUF file over the file. Computed at the first call, reading everything once.
    /// </summary>
    public string Sha256 => _sha256.Value;

    /// <summary>Opens a folder or a GGUF file and checks that every needed tensor is there in the expected shape, before any weight is read.</summary>
    /// <exception cref="CheckpointException">Something is missing, damaged or not supported; the message names it and the remedy.</exception>
    public static Checkpoint Open(string location) => location.EndsWith(GgufExtension, StringComparison.OrdinalIgnoreCase) && !Directory.Exists(location)
        ? Gguf.GgufCheckpoint.OpenFile(location)
        : FolderCheckpoint.OpenFolder(location);

    /// <summary>Loads the model's tokenizer.</summary>
    /// <exception cref="CheckpointException">There is none, or it has ids that the word embedding does not.</exception>
    public ITokenizer LoadTokenizer()
    {
        var tokenizer = CreateTokenizer();
        return tokenizer.VocabularySize <= Config.VocabularySize
            ? tokenizer
            : throw new CheckpointException($"{Location} has a tokenizer of {tokenizer.VocabularySize} pieces but a word embedding of {Config.VocabularySize} rows; use the tokenizer that belongs to the weights.");
    }

    /// <inheritdoc/>
    public abstract bool Contains(string name);

    /// <inheritdoc/>
    public abstract IReadOnlyList<int> Shape(string name);

    /// <summary>How a tensor is stored; I8 has a scale per row. Null where it is stored in GGUF's own types.</summary>
    /// <exception cref="CheckpointException">There is no such tensor.</exception>
    public abstract TensorType? StoredType(string name);

    /// <inheritdoc/>
    public abstract float[] ReadFloat32(string name);

    /// <summary>An I8 tensor's integers [rows, columns] and scales [rows]: the value is integer times its row's scale.</summary>
    /// <exception cref="CheckpointException">There is no such tensor, or it is not stored as I8.</exception>
    public abstract (sbyte[] Values, float[] Scales) ReadInt8(string name);

    /// <inheritdoc/>
    public abstract void Dispose();

    private protected abstract ITokenizer CreateTokenizer();

    private protected abstract string ComputeSha256();
}
