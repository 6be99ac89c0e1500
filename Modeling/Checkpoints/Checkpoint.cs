using FwdLLM.Modeling.Architectures;
using FwdLLM.Modeling.Tokenization;

namespace FwdLLM.Modeling.Checkpoints;

/// <summary>
/// A checkpoint in a Hugging Face folder: config.json, model.safetensors and tokenizer files.
/// Tensor names are the same for every checkpoint of one architecture (Hugging Face's, without the base model's prefix), and weights stored as INT8 with
/// scales read back as floats. Safe to read from several threads.
/// </summary>
public sealed class Checkpoint : ITensorSource, IDisposable
{
    /// <summary>File name of the configuration.</summary>
    public const string ConfigFile = "config.json";

    /// <summary>File name of the weights.</summary>
    public const string WeightsFile = "model.safetensors";

    private readonly SafetensorsFile _file;
    private readonly NormalizedNames _names;
    private readonly Lazy<string> _sha256;

    private Checkpoint(string folder, ModelConfig config, SafetensorsFile file)
    {
        Folder = folder;
        Config = config;
        _file = file;
        _names = new NormalizedNames(file, KnownArchitectures.Get(config.Architecture));
        new CheckpointValidator(file.Path, config, _names).Check();
        Pooling = PoolingReader.Read(folder, config, Contains);
        _sha256 = new Lazy<string>(() => CheckpointHash.Compute(folder, Config, Pooling, _file, _names));
    }

    /// <summary>Folder the checkpoint was opened from.</summary>
    public string Folder { get; }

    /// <summary>Architecture and sizes.</summary>
    public ModelConfig Config { get; }

    /// <summary>How the model pools: the mean where 1_Pooling/config.json says so or nothing else is there, otherwise as its own classifier does.</summary>
    public PoolingKind Pooling { get; }

    /// <summary>Names of all tensors, without prefix, in ordinal order; scales of INT8 tensors are not among them.</summary>
    public IReadOnlyList<string> Names => _names.All;

    /// <summary>
    /// Lower-case hexadecimal SHA-256 over configuration, pooling, tokenizer files, and every tensor's name, type, shape and bytes.
    /// It does not depend on the order of tensors in the file. Computed at the first call, reading the file once.
    /// </summary>
    public string Sha256 => _sha256.Value;

    /// <summary>Opens a folder and checks that every needed tensor is there in the expected shape, before any weight is read.</summary>
    /// <exception cref="CheckpointException">Something is missing, damaged or not supported; the message names it and the remedy.</exception>
    public static Checkpoint Open(string folder)
    {
        var config = KnownArchitectures.ReadConfig(Path.Combine(folder, ConfigFile));
        var path = Path.Combine(folder, WeightsFile);
        if (!File.Exists(path))
            throw new CheckpointException($"{folder} has no {WeightsFile}; sharded and pickled checkpoints are not read. Save the model again with safe serialisation, in one file.");
        SafetensorsFile? file = null;
        try
        {
            file = SafetensorsFile.Open(path);
            var checkpoint = new Checkpoint(folder, config, file);
            file = null;
            return checkpoint;
        }
        finally
        {
            file?.Dispose();
        }
    }

    /// <summary>Loads the tokenizer that lies beside the weights.</summary>
    /// <exception cref="CheckpointException">There is none, or it has ids that the word embedding does not.</exception>
    public WordPieceTokenizer LoadTokenizer()
    {
        var tokenizer = WordPieceTokenizer.Load(Folder);
        var pieces = tokenizer.Vocabulary.Pieces.Count;
        return pieces <= Config.VocabularySize
            ? tokenizer
            : throw new CheckpointException($"{Folder} has a tokenizer of {pieces} pieces but a word embedding of {Config.VocabularySize} rows; use the tokenizer that belongs to the weights.");
    }

    /// <inheritdoc/>
    public bool Contains(string name) => _names.Find(name) is not null;

    /// <inheritdoc/>
    public IReadOnlyList<int> Shape(string name) => Get(name).Shape;

    /// <summary>How a tensor is stored; I8 has a scale per row.</summary>
    /// <exception cref="CheckpointException">There is no such tensor.</exception>
    public TensorType StoredType(string name) => Get(name).Type;

    /// <inheritdoc/>
    public float[] ReadFloat32(string name)
    {
        var tensor = Get(name);
        if (tensor.Type != TensorType.I8)
            return _file.ReadFloat32(tensor.Name);
        var (quantised, scales) = ReadInt8(name);
        return RowQuantizer.Dequantize(quantised, scales);
    }

    /// <summary>An I8 tensor's integers [rows, columns] and scales [rows]: the value is integer times its row's scale.</summary>
    /// <exception cref="CheckpointException">There is no such tensor, or it is not stored as I8.</exception>
    public (sbyte[] Values, float[] Scales) ReadInt8(string name)
    {
        var tensor = Get(name);
        return (_file.ReadInt8(tensor.Name), _file.ReadFloat32(tensor.Name + NormalizedNames.ScaleSuffix));
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private TensorInfo Get(string name) => _names.Find(name)
        ?? throw new CheckpointException($"{_file.Path} has no tensor '{name}'; the checkpoint is of another architecture, or this layer was dropped from it.");
}
