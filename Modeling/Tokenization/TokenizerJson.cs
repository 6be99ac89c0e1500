using System.Text.Json;
using FwdLLM.Modeling.Checkpoints;

namespace FwdLLM.Modeling.Tokenization;

/// <summary>Reads tokenizer.json, the format of Hugging Face's "tokenizers". What would change ids and is not known is refused by name.</summary>
internal static class TokenizerJson
{
    public const string FileName = "tokenizer.json";

    public static ITokenizer Load(string folder)
    {
        var path = Path.Combine(folder, FileName);
        using var document = JsonFile.Read(path);
        var root = document.RootElement;
        try
        {
            var model = JsonFields.Object(path, root, "model") ?? throw new CheckpointException($"{path} has no model; download or export the file again.");
            return Kind(path, model) switch
            {
                "WordPiece" => WordPieceTokenizer.Load(folder),
                "BPE" => BpeFiles.Read(path, root, model),
                "Unigram" => UnigramFiles.Read(path, root, model),
                var other => throw new CheckpointException($"{path} has a tokenizer of type '{other}'; WordPiece, BPE and Unigram are supported. Choose another model."),
            };
        }
        // What the parser says of a string with half a surrogate pair, when it is asked for it.
        catch (InvalidOperationException error)
        {
            throw new CheckpointException($"{path} holds text that is not valid Unicode: {error.Message} Download or export the file again.", error);
        }
    }

    public static List<AddedToken> ReadAdded(string path, JsonElement root)
    {
        var tokens = new List<AddedToken>();
        foreach (var token in JsonFields.Elements(path, root, "added_tokens"))
        {
            if (token.ValueKind != JsonValueKind.Object)
                throw JsonFields.Wrong(path, "added_tokens", token, "an object");
            var text = JsonFields.Text(path, token, "content");
            if (JsonFields.Flag(path, token, "single_word", fallback: false))
                throw new CheckpointException($"{path}: the added token '{text}' is found only as a whole word (single_word), which is not supported.");
            if (JsonFields.Flag(path, token, "normalized", fallback: false) && JsonFile.TryGet(root, "normalizer", out _))
                throw new CheckpointException($"{path}: the added token '{text}' is found after normalisation (normalized), which is not supported.");
            tokens.Add(new AddedToken(text, JsonFields.OptionalInteger(path, token, "id") ?? -1, JsonFields.Flag(path, token, "special", fallback: false),
                JsonFields.Flag(path, token, "lstrip", fallback: false), JsonFields.Flag(path, token, "rstrip", fallback: false)));
        }

        return tokens;
    }

    /// <summary>The steps of a normalizer or pre_tokenizer, sequences taken apart.</summary>
    public static List<(string Type, JsonElement Step)> ReadSteps(string path, JsonElement root, string key, string listKey)
    {
        var steps = new List<(string, JsonElement)>();
        if (JsonFields.Object(path, root, key) is { } only)
            Add(only);
        return steps;

        void Add(JsonElement step)
        {
            var type = JsonFields.Text(path, step, "type");
            if (type != "Sequence")
                steps.Add((type, step));
            else
                foreach (var part in JsonFields.Elements(path, step, listKey))
                    Add(part);
        }
    }

    /// <summary>model.type; files older than that key are told apart by what else is there.</summary>
    private static string Kind(string path, JsonElement model) => JsonFields.OptionalText(path, model, "type")
        ?? (JsonFile.TryGet(model, "merges", out _) ? "BPE" : JsonFile.TryGet(model, "unk_id", out _) ? "Unigram" : "WordPiece");
}
