namespace FwdLLM.Modeling.Checkpoints;

/// <summary>Names and shapes of a BERT checkpoint's tensors, without the "bert." prefix. Linear weights are [out, in].</summary>
public static class BertTensors
{
    /// <summary>[vocabulary, H].</summary>
    public const string WordEmbeddings = "embeddings.word_embeddings.weight";

    /// <summary>[positions, H].</summary>
    public const string PositionEmbeddings = "embeddings.position_embeddings.weight";

    /// <summary>[segments, H].</summary>
    public const string TypeEmbeddings = "embeddings.token_type_embeddings.weight";

    /// <summary>[H, H]; optional, with <see cref="PoolerBias"/>.</summary>
    public const string PoolerWeight = "pooler.dense.weight";

    /// <summary>[H].</summary>
    public const string PoolerBias = "pooler.dense.bias";

    /// <summary>[labels, H]; optional, with <see cref="ClassifierBias"/>.</summary>
    public const string ClassifierWeight = "classifier.weight";

    /// <summary>[labels].</summary>
    public const string ClassifierBias = "classifier.bias";

    /// <summary>[2, H]: start and end; optional, with <see cref="AnswerBias"/>.</summary>
    public const string AnswerWeight = "qa_outputs.weight";

    /// <summary>[2].</summary>
    public const string AnswerBias = "qa_outputs.bias";

    /// <summary>Every tensor the encoder needs, in the order it needs them.</summary>
    public static IEnumerable<(string Name, int[] Shape)> Required(BertConfig config)
    {
        int hidden = config.HiddenSize, inner = config.IntermediateSize;
        yield return (WordEmbeddings, [config.VocabularySize, hidden]);
        yield return (PositionEmbeddings, [config.MaxPositions, hidden]);
        yield return (TypeEmbeddings, [config.TypeVocabularySize, hidden]);
        foreach (var tensor in Norm("embeddings.LayerNorm", hidden))
            yield return tensor;
        for (var layer = 0; layer < config.Layers; layer++)
        {
            var prefix = $"encoder.layer.{layer}.";
            IEnumerable<(string, int[])> tensors =
            [
                .. Linear(prefix + "attention.self.query", hidden, hidden),
                .. Linear(prefix + "attention.self.key", hidden, hidden),
                .. Linear(prefix + "attention.self.value", hidden, hidden),
                .. Linear(prefix + "attention.output.dense", hidden, hidden),
                .. Norm(prefix + "attention.output.LayerNorm", hidden),
                .. Linear(prefix + "intermediate.dense", inner, hidden),
                .. Linear(prefix + "output.dense", hidden, inner),
                .. Norm(prefix + "output.LayerNorm", hidden),
            ];
            foreach (var tensor in tensors)
                yield return tensor;
        }
    }

    /// <summary>Layers that may be there, each as weight and bias; -1 stands for any size.</summary>
    internal static IEnumerable<(string Weight, string Bias, int Out, int In)> Optional(BertConfig config) =>
    [
        (PoolerWeight, PoolerBias, config.HiddenSize, config.HiddenSize),
        (ClassifierWeight, ClassifierBias, -1, config.HiddenSize),
        (AnswerWeight, AnswerBias, 2, config.HiddenSize),
    ];

    private static (string, int[])[] Linear(string name, int @out, int @in) => [($"{name}.weight", [@out, @in]), ($"{name}.bias", [@out])];

    private static (string, int[])[] Norm(string name, int size) => [($"{name}.weight", [size]), ($"{name}.bias", [size])];
}
