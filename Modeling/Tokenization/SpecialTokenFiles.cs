using System.Text.Json;
using FwdLLM.Modeling.Checkpoints;

namespace FwdLLM.Modeling.Tokenization;

/// <summary>Which tokens are special: from tokenizer_config.json, else special_tokens_map.json, else by their usual names.</summary>
internal static class SpecialTokenFiles
{
    public const string ConfigFile = "tokenizer_config.json";
    public const string MapFile = "special_tokens_map.json";

    public static SpecialTokenIds Read(string folder, TokenTable tokens)
    {
        var files = new[] { ConfigFile, MapFile }.Select(name => Path.Combine(folder, name)).Where(File.Exists).ToList();
        var documents = files.ConvertAll(JsonFile.Read);
        try
        {
            var roots = files.Zip(documents, (path, document) => (path, document.RootElement)).ToList();
            int? Find(string[] keys, params string[] usual) =>
                keys.SelectMany(key => roots.Select(root => Content(root.path, root.RootElement, key))).OfType<string>().Concat(usual).Select(tokens.Find).FirstOrDefault(id => id is not null);
            return new SpecialTokenIds(
                Find(["unk_token"], "[UNK]", "<unk>"),
                Find(["cls_token", "bos_token"], "[CLS]", "<s>"),
                Find(["sep_token", "eos_token"], "[SEP]", "</s>"),
                Find(["pad_token"], "[PAD]", "<pad>"),
                Find(["mask_token"], "[MASK]", "<mask>"));
        }
        finally
        {
            documents.ForEach(document => document.Dispose());
        }
    }

    /// <summary>A token as text, or as an object that holds it.</summary>
    private static string? Content(string path, JsonElement root, string key)
    {
        if (!JsonFile.TryGet(root, key, out var value))
            return null;
        return value.ValueKind == JsonValueKind.Object ? JsonFields.Text(path, value, "content") : JsonFields.OptionalText(path, root, key);
    }
}
