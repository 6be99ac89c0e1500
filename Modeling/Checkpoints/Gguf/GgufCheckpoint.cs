using FwdLLM.Modeling.Architectures;
using FwdLLM.Modeling.Precision;
using FwdLLM.Modeling.Tokenization;

namespace FwdLLM.Modeling.Checkpoints.Gguf;

/// <summary>A LLaMA model in a GGUF file, with its byte-level BPE tokenizer.</summary>
internal sealed class GgufCheckpoint : Checkpoint, IBlockSource
{
    private const string Architecture = "llama";
    // The one kind of tokenizer that GGUF files of this architecture have and that is read.
    private const string ByteLevelBpe = "gpt2";
    private const string TokenizerKey = "tokenizer.ggml.model";

    private readonly GgufFile _file;
    private readonly GgufLlamaTensors _tensors;
    private readonly Dictionary<string, string> _storedAs;

    private GgufCheckpoint(GgufFile file, GgufLlamaTensors tensors) : base(file.Path, ToConfig(tensors.Config))
    {
        (_file, _tensors) = (file, tensors);
        var architecture = KnownArchitectures.Get(Architecture);
        _storedAs = tensors.Names.ToDictionary(architecture.Normalize, StringComparer.Ordinal);
        Names = [.. _storedAs.Keys.Order(StringComparer.Ordinal)];
        Pooling = PoolingKind.Pooler;
    }

    public override IReadOnlyList<string> Names { get; }

    public override IReadOnlyList<TokenizerFile> TokenizerFiles
    {
        get
        {
            if (_file.Metadata.FindText(TokenizerKey) is null)
                return [];
            var data = GgufTokenizerData.Read(_file.Metadata);
            return BpeTokenizerWriter.Write(Vocabulary(data), data.ChatTemplate);
        }
    }

    public static Checkpoint OpenFile(string path)
    {
        GgufFile? file = null;
        try
        {
            file = GgufFile.Open(path);
            var checkpoint = new GgufCheckpoint(file, new GgufLlamaTensors(file));
            file = null;
            return checkpoint;
        }
        finally
        {
            file?.Dispose();
        }
    }

    public override bool Contains(string name) => _storedAs.ContainsKey(name);

    public override IReadOnlyList<int> Shape(string name) => _tensors.Shape(StoredName(name));

    public override TensorType? StoredType(string name)
    {
        StoredName(name);
        return null;
    }

    public override float[] ReadFloat32(string name) => _tensors.ReadFloat32(StoredName(name));

    public override (sbyte[] Values, float[] Scales) ReadInt8(string name) =>
        throw new CheckpointException($"{Location}: tensor '{name}' is stored as {_tensors.Stored(StoredName(name)).Type}, not as I8 with a scale per row; read it as floats.");

    public BlockWeights? ReadBlocks(string name)
    {
        var stored = _tensors.Stored(StoredName(name));
        if (stored.Type is not (GgufTensorType.Q4_0 or GgufTensorType.Q4_1 or GgufTensorType.Q8_0) || stored.RowBytes * stored.Rows > Array.MaxLength)
            return null;
        var (rows, columns) = ((int)stored.Rows, stored.RowElements);
        var blocks = new byte[stored.RowBytes * stored.Rows];
        _tensors.CopyRows(StoredName(name), 0, blocks);
        return stored.Type switch
        {
            GgufTensorType.Q4_0 => GgufBlocks.FromQ4_0(blocks, rows, columns),
            GgufTensorType.Q4_1 => GgufBlocks.FromQ4_1(blocks, rows, columns),
            _ => GgufBlocks.FromQ8_0(blocks, rows, columns),
        };
    }

    public override void Dispose() => _file.Dispose();

    private protected override ITokenizer CreateTokenizer() => Tokenizers.Create(Vocabulary(GgufTokenizerData.Read(_file.Metadata)));

    private protected override string ComputeSha256() => CheckpointHash.Compute(Config, Pooling, Location);

    private BpeVocabulary Vocabulary(GgufTokenizerData data)
    {
        if (data.Model != ByteLevelBpe)
            throw new CheckpointException($"{Location} has a tokenizer of kind '{data.Model}'; '{ByteLevelBpe}', byte-level BPE, is read. Choose another model.");
        return new BpeVocabulary(Location, data.Tokens, data.Merges, data.PreTokenizer ?? throw _file.Metadata.Missing("tokenizer.ggml.pre"))
        {
            TokenTypes = data.Types.Length > 0 ? data.Types : null,
            Special = new SpecialTokenIds(data.UnknownId, data.BeginId, data.EndId, data.PaddingId),
            AddStart = data.AddBegin,
            AddEnd = data.AddEnd ?? false,
        };
    }

    private string StoredName(string name) => _storedAs.GetValueOrDefault(name)
        ?? throw new CheckpointException($"{Location} has no tensor '{name}'; GGUF files hold no layers beyond those of a language model.");

    private static ModelConfig ToConfig(GgufLlamaConfig config) => new(
        Architecture,
        HiddenSize: config.HiddenSize,
        Layers: config.Layers,
        Heads: config.AttentionHeads,
        IntermediateSize: config.IntermediateSize,
        VocabularySize: config.VocabularySize,
        MaxPositions: config.ContextLength,
        TypeVocabularySize: 0,
        NormEpsilon: config.RmsNormEpsilon,
        HiddenActivation: "silu")
    {
        KeyValueHeads = config.KeyValueHeads,
        HeadSize = config.HeadSize,
        Rotary = ToRotary(config),
        TiedOutput = config.TiedOutput,
    };

    private static RotaryConfig ToRotary(GgufLlamaConfig config)
    {
        if (config.RopeFrequencyDivisors is not { } divisors)
            return config.RopeLinearFactor == 1 ? new RotaryConfig(config.RopeBase) : RotaryConfig.Linear(config.RopeBase, config.HeadSize, config.RopeLinearFactor);
        return new RotaryConfig(config.RopeBase, [.. divisors.Select(divisor => (double)divisor * config.RopeLinearFactor)]);
    }
}
