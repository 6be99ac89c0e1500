namespace FwdLLM.Modeling.Checkpoints.Gguf;

/// <summary>What a GGUF file says of its tokenizer, as stored. Lists that the file leaves out are empty, other values null.</summary>
/// <param name="Model">Kind of tokenizer: <c>gpt2</c> is byte-level BPE, <c>llama</c> SentencePiece, <c>bert</c> WordPiece.</param>
/// <param name="PreTokenizer">Name of the rule that splits text before BPE, as <c>smollm</c>.</param>
/// <param name="Tokens">[vocabulary]: text of each token, in the kind's own spelling.</param>
/// <param name="Merges">BPE merges in order of rank, left and right part separated by one space.</param>
/// <param name="Types">[vocabulary] or empty: 1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused, 6 byte.</param>
/// <param name="Scores">[vocabulary] or empty: SentencePiece's log-probabilities.</param>
/// <param name="BeginId">Token that starts a text.</param>
/// <param name="EndId">Token that ends a text.</param>
/// <param name="EndOfTurnId">Token that ends a turn of a conversation.</param>
/// <param name="UnknownId">Token for what has none.</param>
/// <param name="SeparatorId">Token between texts.</param>
/// <param name="PaddingId">Token that fills up a batch.</param>
/// <param name="AddBegin">Whether encoding puts <paramref name="BeginId"/> in front.</param>
/// <param name="AddEnd">Whether encoding puts <paramref name="EndId"/> at the end.</param>
/// <param name="AddSpacePrefix">Whether encoding puts a space in front of the text.</param>
/// <param name="ChatTemplate">Jinja template of a conversation.</param>
public sealed record GgufTokenizerData(
    string Model,
    string? PreTokenizer,
    string[] Tokens,
    string[] Merges,
    int[] Types,
    float[] Scores,
    int? BeginId,
    int? EndId,
    int? EndOfTurnId,
    int? UnknownId,
    int? SeparatorId,
    int? PaddingId,
    bool? AddBegin,
    bool? AddEnd,
    bool? AddSpacePrefix,
    string? ChatTemplate)
{
    private const string Prefix = "tokenizer.ggml.";

    /// <summary>Reads the <c>tokenizer.*</c> metadata.</summary>
    /// <exception cref="CheckpointException">There is no tokenizer, a value is of another kind, a list has another length than the vocabulary, or an id is none of its tokens.</exception>
    public static GgufTokenizerData Read(GgufMetadata metadata)
    {
        var tokens = metadata.FindTexts(Prefix + "tokens") ?? throw metadata.Missing(Prefix + "tokens");
        return new GgufTokenizerData(
            metadata.FindText(Prefix + "model") ?? throw metadata.Missing(Prefix + "model"),
            metadata.FindText(Prefix + "pre"),
            tokens,
            metadata.FindTexts(Prefix + "merges") ?? [],
            PerToken("token_type", metadata.FindIntegers(Prefix + "token_type")),
            PerToken("scores", metadata.FindNumbers(Prefix + "scores")),
            Id("bos_token_id"),
            Id("eos_token_id"),
            Id("eot_token_id"),
            Id("unknown_token_id"),
            // The key is misspelled in every file of older converters.
            Id("separator_token_id") ?? Id("seperator_token_id"),
            Id("padding_token_id"),
            metadata.FindFlag(Prefix + "add_bos_token"),
            metadata.FindFlag(Prefix + "add_eos_token"),
            metadata.FindFlag(Prefix + "add_space_prefix"),
            metadata.FindText("tokenizer.chat_template"));

        T[] PerToken<T>(string key, T[]? values) => values is null || values.Length == tokens.Length
            ? values ?? []
            : throw metadata.Refused($"has {values.Length} entries in {Prefix}{key} for {tokens.Length} tokens; convert the model again.");

        int? Id(string key) => metadata.FindInteger(Prefix + key) is not { } id ? null
            : id < tokens.Length ? id
            : throw metadata.Refused($"has {Prefix}{key} {id} for {tokens.Length} tokens; convert the model again.");
    }
}
