using System.Text.Json;
using FwdLLM.Modeling.Checkpoints;

namespace FwdLLM.Modeling.Tokenization;

/// <summary>Reads WordPiece tokenizers from the files that Hugging Face folders hold.</summary>
internal static class WordPieceFiles
{
    private const string VocabularyFile = "vocab.txt";
    private const string TokenizerFile = "tokenizer.json";
    private const string ConfigFile = "tokenizer_config.json";

    public static WordPieceTokenizer Load(string folder)
    {
        var vocabulary = Path.Combine(folder, VocabularyFile);
        if (File.Exists(vocabulary))
            return new WordPieceTokenizer(ReadVocabulary(vocabulary), ReadConfig(Path.Combine(folder, ConfigFile)));
        var tokenizer = Path.Combine(folder, TokenizerFile);
        if (File.Exists(tokenizer))
            return ReadTokenizer(tokenizer);
        throw new CheckpointException($"{folder} has neither {VocabularyFile} nor {TokenizerFile}; copy the tokenizer files of the checkpoint there.");
    }

    private static WordPieceVocabulary ReadVocabulary(string path) => new(TextLines.Read(path), path);

    private static WordPieceSettings ReadConfig(string path)
    {
        if (!File.Exists(path))
            return new WordPieceSettings();
        using var document = JsonFile.Read(path);
        var root = document.RootElement;
        var lowercase = JsonFields.Flag(path, root, "do_lower_case", fallback: true);
        return new WordPieceSettings(
            Lowercase: lowercase,
            StripAccents: JsonFields.Flag(path, root, "strip_accents", fallback: lowercase),
            SplitIdeographs: JsonFields.Flag(path, root, "tokenize_chinese_chars", fallback: true));
    }

    private static WordPieceTokenizer ReadTokenizer(string path)
    {
        using var document = JsonFile.Read(path);
        var root = document.RootElement;
        var model = RequireKind(path, root, "model", "WordPiece");
        var normalizer = RequireKind(path, root, "normalizer", "BertNormalizer");
        RequireKind(path, root, "pre_tokenizer", "BertPreTokenizer");
        RequireText(path, model, "unk_token", "[UNK]");
        RequireText(path, model, "continuing_subword_prefix", WordPieceVocabulary.ContinuationPrefix);
        CheckAddedTokens(path, root);
        var lowercase = JsonFields.Flag(path, normalizer, "lowercase", fallback: true);
        var settings = new WordPieceSettings(
            Lowercase: lowercase,
            StripAccents: JsonFields.Flag(path, normalizer, "strip_accents", fallback: lowercase),
            SplitIdeographs: JsonFields.Flag(path, normalizer, "handle_chinese_chars", fallback: true),
            CleanText: JsonFields.Flag(path, normalizer, "clean_text", fallback: true),
            MaxWordLength: ReadWordLength(path, model));
        return new WordPieceTokenizer(new WordPieceVocabulary(ReadPieces(path, model), path), settings);
    }

    private static string[] ReadPieces(string path, JsonElement model)
    {
        if (!JsonFile.TryGet(model, "vocab", out var vocabulary) || vocabulary.ValueKind != JsonValueKind.Object)
            throw new CheckpointException($"{path} has no model.vocab object; use the tokenizer.json of a BERT model.");
        var pieces = new string[vocabulary.GetPropertyCount()];
        foreach (var piece in vocabulary.EnumerateObject())
        {
            if (piece.Value.ValueKind != JsonValueKind.Number || !piece.Value.TryGetInt32(out var id) || id < 0 || id >= pieces.Length || pieces[id] is not null)
                throw new CheckpointException($"{path}: piece '{piece.Name}' has id {piece.Value.GetRawText()}; the {pieces.Length} pieces must have the ids 0 to {pieces.Length - 1}, each once.");
            pieces[id] = piece.Name;
        }

        return pieces;
    }

    private static void CheckAddedTokens(string path, JsonElement root)
    {
        if (!JsonFile.TryGet(root, "added_tokens", out var tokens) || tokens.ValueKind != JsonValueKind.Array)
            return;
        foreach (var token in tokens.EnumerateArray())
        {
            var content = token.ValueKind == JsonValueKind.Object && JsonFile.TryGet(token, "content", out var text) && text.ValueKind == JsonValueKind.String ? text.GetString()! : "";
            var plain = !new[] { "single_word", "lstrip", "rstrip", "normalized" }.Any(flag => JsonFields.Flag(path, token, flag, fallback: false));
            if (!WordPieceVocabulary.SpecialTokens.Contains(content) || !plain)
                throw new CheckpointException($"{path} adds the token '{content}'; supported are {string.Join(", ", WordPieceVocabulary.SpecialTokens)} without stripping or normalisation. Use a model without further added tokens.");
        }
    }

    private static int ReadWordLength(string path, JsonElement model)
    {
        const int usual = 100;
        if (!JsonFile.TryGet(model, "max_input_chars_per_word", out var value))
            return usual;
        return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var length) && length is > 0 and <= 10_000
            ? length
            : throw new CheckpointException($"{path}: max_input_chars_per_word is {value.GetRawText()}; a whole number from 1 to 10000 is expected.");
    }

    private static JsonElement RequireKind(string path, JsonElement root, string key, string kind)
    {
        if (!JsonFile.TryGet(root, key, out var element) || element.ValueKind != JsonValueKind.Object)
            throw new CheckpointException($"{path} has no {key}; a tokenizer.json of BERT has one of type {kind}.");
        RequireText(path, element, "type", kind);
        return element;
    }

    private static void RequireText(string path, JsonElement parent, string key, string expected)
    {
        var found = JsonFile.TryGet(parent, key, out var value) ? value.ToString() : expected;
        if (found != expected)
            throw new CheckpointException($"{path}: {key} is '{found}'; only '{expected}' is supported. Choose a model with BERT's tokenizer.");
    }
}
