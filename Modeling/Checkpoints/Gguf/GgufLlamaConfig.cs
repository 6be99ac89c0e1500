namespace FwdLLM.Modeling.Checkpoints.Gguf;

/// <summary>Sizes and constants of a LLaMA model, from a GGUF file's metadata and tensors.</summary>
/// <param name="Layers">Number of decoder layers.</param>
/// <param name="HiddenSize">Width of the residual stream.</param>
/// <param name="IntermediateSize">Width between the feed-forward layer's projections.</param>
/// <param name="AttentionHeads">Query heads.</param>
/// <param name="KeyValueHeads">Key and value heads; divides <paramref name="AttentionHeads"/>.</param>
/// <param name="HeadSize">Width of one head; even.</param>
/// <param name="ContextLength">Positions that the model was trained for.</param>
/// <param name="VocabularySize">Rows of the word embedding.</param>
/// <param name="RmsNormEpsilon">What RMSNorm adds to the mean square.</param>
/// <param name="RopeBase">θ of rotary positions: pair j turns by position · θ^(−2j / HeadSize).</param>
/// <param name="RopeLinearFactor">What positions are divided by before they turn anything; 1 without linear scaling.</param>
/// <param name="RopeFrequencyDivisors">[HeadSize / 2]: what each pair's frequency is divided by (LLaMA 3's scaling); null without it.</param>
/// <param name="TiedOutput">Whether the word embedding is the output layer too.</param>
public sealed record GgufLlamaConfig(
    int Layers,
    int HiddenSize,
    int IntermediateSize,
    int AttentionHeads,
    int KeyValueHeads,
    int HeadSize,
    int ContextLength,
    int VocabularySize,
    float RmsNormEpsilon,
    float RopeBase,
    float RopeLinearFactor,
    IReadOnlyList<float>? RopeFrequencyDivisors,
    bool TiedOutput)
{
    internal const string EmbeddingTensor = "token_embd.weight";
    internal const string OutputTensor = "output.weight";
    internal const string RopeTensor = "rope_freqs.weight";

    private const float DefaultRopeBase = 10_000;

    /// <summary>Reads and checks a model's metadata.</summary>
    /// <exception cref="CheckpointException">The model is no LLaMA, lacks a value, or needs something that is not supported.</exception>
    public static GgufLlamaConfig Read(GgufFile file)
    {
        var metadata = file.Metadata;
        var architecture = metadata.FindText("general.architecture");
        if (architecture != "llama")
            throw metadata.Refused($"is of architecture '{architecture}'; 'llama' is read. Use a LLaMA model.");
        if (metadata.FindInteger("split.count") is { } parts and > 1)
            throw metadata.Refused($"is one of {parts} parts of a model; merge them into one file (llama-gguf-split --merge).");
        var hidden = Required("embedding_length");
        var heads = Required("attention.head_count");
        var headSize = HeadSizeOf(metadata, hidden, heads);
        return new GgufLlamaConfig(
            Required("block_count"),
            hidden,
            Required("feed_forward_length"),
            heads,
            KeyValueHeadsOf(metadata, heads),
            headSize,
            Required("context_length"),
            VocabularySizeOf(file),
            Positive(metadata, "llama.attention.layer_norm_rms_epsilon") ?? throw metadata.Missing("llama.attention.layer_norm_rms_epsilon"),
            Positive(metadata, "llama.rope.freq_base") ?? DefaultRopeBase,
            LinearFactorOf(metadata),
            DivisorsOf(file, headSize),
            !file.Contains(OutputTensor));

        int Required(string key) => metadata.FindInteger($"llama.{key}", minimum: 1) ?? throw metadata.Missing($"llama.{key}");
    }

    private static int HeadSizeOf(GgufMetadata metadata, int hidden, int heads)
    {
        var keys = metadata.FindInteger("llama.attention.key_length", minimum: 1);
        if (keys is null && hidden % heads != 0)
            throw metadata.Refused($"has {heads} heads, which do not divide the width {hidden}, and no llama.attention.key_length; convert the model again.");
        var size = keys ?? hidden / heads;
        foreach (var key in (string[])["llama.attention.value_length", "llama.rope.dimension_count"])
            if (metadata.FindInteger(key) is { } other && other != size)
                throw metadata.Refused($"has {key} {other} where heads are {size} wide; only models whose heads turn as a whole and have values as wide as keys are read.");
        return size % 2 == 0 ? size : throw metadata.Refused($"has heads of width {size}; rotary positions need an even width.");
    }

    private static int KeyValueHeadsOf(GgufMetadata metadata, int heads)
    {
        var keyValueHeads = metadata.FindInteger("llama.attention.head_count_kv", minimum: 1) ?? heads;
        return heads % keyValueHeads == 0
            ? keyValueHeads
            : throw metadata.Refused($"has {keyValueHeads} key heads, which do not divide its {heads} query heads; convert the model again.");
    }

    private static int VocabularySizeOf(GgufFile file)
    {
        var shape = file.Shape(EmbeddingTensor);
        var rows = shape.Count == 2 ? shape[0] : 0;
        var declared = file.Metadata.FindInteger("llama.vocab_size", minimum: 1) ?? rows;
        return rows > 0 && rows == declared
            ? rows
            : throw file.Metadata.Refused($"declares {declared} tokens but has a word embedding of shape {file[EmbeddingTensor].ShapeText}; convert the model again.");
    }

    private static float LinearFactorOf(GgufMetadata metadata)
    {
        var factor = Positive(metadata, "llama.rope.scaling.factor") ?? Positive(metadata, "llama.rope.scale_linear") ?? 1;
        return metadata.FindText("llama.rope.scaling.type") switch
        {
            "none" => 1,
            "linear" or null => factor,
            var other => throw metadata.Refused($"scales rotary positions by '{other}'; 'none', 'linear' and LLaMA 3's {RopeTensor} are read."),
        };
    }

    private static float[]? DivisorsOf(GgufFile file, int headSize)
    {
        if (!file.Contains(RopeTensor))
            return null;
        var tensor = file[RopeTensor];
        if (!tensor.Shape.SequenceEqual([headSize / 2]))
            throw file.Metadata.Refused($"has {RopeTensor} of shape {tensor.ShapeText} where [{headSize / 2}] is expected; convert the model again.");
        var divisors = file.ReadFloat32(RopeTensor);
        return divisors.All(divisor => float.IsFinite(divisor) && divisor > 0)
            ? divisors
            : throw file.Metadata.Refused($"has divisors in {RopeTensor} that are not positive numbers; convert the model again.");
    }

    private static float? Positive(GgufMetadata metadata, string key) => metadata.FindNumber(key) is not { } number ? null
        : number > 0 ? number
        : throw metadata.Refused($"has {key} {number}; a positive number is expected. Convert the model again.");
}
