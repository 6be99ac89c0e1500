using System.Text.Json;
using FwdLLM.Modeling.Checkpoints;

namespace FwdLLM.Modeling.Tokenization;

/// <summary>Makes unigram tokenizers from tokenizer.json.</summary>
internal static class UnigramFiles
{
    private const string SpaceMark = "\u2581";

    public static UnigramTokenizer Read(string path, JsonElement root, JsonElement model)
    {
        var pieces = JsonFields.Elements(path, model, "vocab").Select(piece => ReadPiece(path, piece)).ToList();
        var added = TokenizerJson.ReadAdded(path, root);
        var tokens = new TokenTable(path, pieces.Select((piece, id) => (piece.Text, id)), added);
        if (JsonFields.OptionalInteger(path, model, "unk_id") is not { } unknown)
            throw new CheckpointException($"{path} has no model.unk_id, so unknown characters have no token; export the file again.");
        var processor = new PostProcessor(path, root, tokens);
        var settings = ReadSpaces(path, root, ReadNormalizer(path, root)) with { ByteFallback = JsonFields.Flag(path, model, "byte_fallback", fallback: false) };
        return new UnigramTokenizer(tokens.Tokens, new UnigramModel(path, pieces, unknown), new AddedTokens(added), settings, processor.Frame,
            SpecialTokenFiles.Read(Path.GetDirectoryName(path)!, tokens));
    }

    /// <summary>["piece", score]</summary>
    private static UnigramPiece ReadPiece(string path, JsonElement piece) =>
        piece.ValueKind == JsonValueKind.Array && piece.GetArrayLength() == 2 && piece[0].ValueKind == JsonValueKind.String && piece[1].ValueKind == JsonValueKind.Number
            ? new UnigramPiece(piece[0].GetString()!, piece[1].GetDouble())
            : throw JsonFields.Wrong(path, "vocab", piece, "a piece with its score");

    private static NormalizerStep[] ReadNormalizer(string path, JsonElement root)
    {
        var steps = TokenizerJson.ReadSteps(path, root, "normalizer", "normalizers");
        var result = new List<NormalizerStep>();
        for (var index = 0; index < steps.Count; index++)
        {
            var (type, step) = steps[index];
            // Decomposition is only right here where the marks go next: their order is not kept.
            if (type == "NFKD" && index + 1 < steps.Count && steps[index + 1].Type == "StripAccents")
                index++;
            else if (type is "NFKD" or "StripAccents")
                throw new CheckpointException($"{path}: the normalizer {type} is supported only as NFKD directly before StripAccents.");
            result.Add(type switch
            {
                "NFKD" => TextNormalizer.StripAccents,
                "Lowercase" => TextNormalizer.Lowercase,
                "Precompiled" => new PrecompiledCharsmap(path, ReadBase64(path, step)).Apply,
                "Replace" => ReadReplace(path, step),
                _ => throw new CheckpointException($"{path} has the normalizer '{type}'; supported are Replace, NFKD before StripAccents, Lowercase and Precompiled. Choose another model."),
            });
        }

        return [.. result];
    }

    private static byte[] ReadBase64(string path, JsonElement step) =>
        JsonFile.TryGet(step, "precompiled_charsmap", out var value) && value.ValueKind == JsonValueKind.String && value.TryGetBytesFromBase64(out var bytes)
            ? bytes
            : throw new CheckpointException($"{path}: precompiled_charsmap is missing or not Base64; download or export the file again.");

    private static NormalizerStep ReadReplace(string path, JsonElement step)
    {
        var pattern = JsonFields.Object(path, step, "pattern") ?? default;
        var content = JsonFields.Text(path, step, "content");
        if (JsonFields.OptionalText(path, pattern, "String") is { Length: > 0 } text)
            return TextNormalizer.Replace(text, content);
        return JsonFields.OptionalText(path, pattern, "Regex") == " {2,}" && content == " "
            ? TextNormalizer.CollapseSpaces
            : throw new CheckpointException($"{path}: the normalizer Replace {step.GetRawText()} is not supported; a fixed text, or the pattern ' {{2,}}' by one space, is.");
    }

    private static UnigramSettings ReadSpaces(string path, JsonElement root, NormalizerStep[] normalizer)
    {
        var steps = TokenizerJson.ReadSteps(path, root, "pre_tokenizer", "pretokenizers");
        var known = steps.Count is 1 or 2 && steps[^1].Type == "Metaspace" && (steps.Count == 1 || steps[0].Type == "WhitespaceSplit");
        if (!known || (JsonFields.OptionalText(path, steps[^1].Step, "replacement") ?? SpaceMark) != SpaceMark)
            throw new CheckpointException($"{path}: the pre_tokenizer is [{string.Join(", ", steps.Select(step => step.Type))}]; Metaspace with {SpaceMark}, alone or after WhitespaceSplit, is supported.");
        var spaces = steps[^1].Step;
        // Older files say only whether.
        var prefix = JsonFields.OptionalText(path, spaces, "prepend_scheme") ?? (JsonFields.Flag(path, spaces, "add_prefix_space", fallback: true) ? "always" : "never");
        var scheme = prefix switch
        {
            "always" => PrefixScheme.Always,
            "first" => PrefixScheme.First,
            "never" => PrefixScheme.Never,
            _ => throw new CheckpointException($"{path}: prepend_scheme is '{prefix}'; always, first or never is expected."),
        };
        return new UnigramSettings(normalizer, SplitWhiteSpace: steps.Count == 2, scheme, JsonFields.Flag(path, spaces, "split", fallback: true));
    }
}
