using System.Text.Json;
using System.Text.RegularExpressions;
using FwdLLM.Modeling.Checkpoints;

namespace FwdLLM.Modeling.Tokenization;

/// <summary>Makes byte-level BPE tokenizers from tokenizer.json, from vocab.json with merges.txt, and from lists.</summary>
internal static class BpeFiles
{
    public const string VocabularyFile = "vocab.json";
    public const string MergesFile = "merges.txt";

    private const int UnknownType = 2, ControlType = 3, UserDefinedType = 4;

    public static BpeTokenizer Read(string path, JsonElement root, JsonElement model)
    {
        Refuse(path, model);
        var added = TokenizerJson.ReadAdded(path, root);
        var tokens = new TokenTable(path, ReadVocabulary(path, JsonFields.Object(path, model, "vocab") ?? default), added);
        var (words, prefixSpace) = ReadWords(path, root);
        var processor = new PostProcessor(path, root, tokens);
        var settings = new BpeSettings(
            words, prefixSpace, processor.TrimOffsets, processor.TrimKeepsFirst,
            WholeWordsFirst: JsonFields.Flag(path, model, "ignore_merges", fallback: false),
            UnknownId: JsonFields.OptionalText(path, model, "unk_token") is { } unknown ? tokens.Require(unknown, "unknown token") : null,
            FuseUnknown: JsonFields.Flag(path, model, "fuse_unk", fallback: false));
        var merges = JsonFields.Elements(path, model, "merges").Select(merge => ReadMerge(path, merge)).ToList();
        var special = SpecialTokenFiles.Read(Path.GetDirectoryName(path)!, tokens);
        return new BpeTokenizer(tokens.Tokens, tokens.ModelIds, new BpeModel(path, tokens.ModelIds, merges), new AddedTokens(added), settings, processor.Frame, special);
    }

    /// <summary>RoBERTa's files without tokenizer.json.</summary>
    public static BpeTokenizer ReadRoberta(string folder)
    {
        var (path, mergesPath) = (Path.Combine(folder, VocabularyFile), Path.Combine(folder, MergesFile));
        using var document = JsonFile.Read(path);
        var vocabulary = ReadVocabulary(path, document.RootElement).ToList();
        var tokens = new TokenTable(path, vocabulary, []);
        var frame = SequenceFrame.Roberta(tokens.Require("<s>", "start token"), tokens.Require("</s>", "end token"));
        var added = new[] { "<s>", "</s>", "<unk>", "<pad>", "<mask>" }.Where(token => tokens.Find(token) is not null)
            .Select(token => new AddedToken(token, tokens.Find(token)!.Value, Special: true, TakesLeft: token == "<mask>"));
        var merges = TextLines.Read(mergesPath).Where(line => line.Length > 0 && !line.StartsWith("#version", StringComparison.Ordinal)).Select(line => SplitMerge(mergesPath, line)).ToList();
        var prefixSpace = ReadPrefixSpace(Path.Combine(folder, SpecialTokenFiles.ConfigFile));
        var settings = new BpeSettings([WordSplits.Gpt2()], prefixSpace, TrimOffsets: true, TrimKeepsFirst: prefixSpace, UnknownId: tokens.Find("<unk>"));
        return new BpeTokenizer(tokens.Tokens, tokens.ModelIds, new BpeModel(mergesPath, tokens.ModelIds, merges), new AddedTokens([.. added]), settings, frame, SpecialTokenFiles.Read(folder, tokens));
    }

    /// <summary>A tokenizer from the lists of a GGUF file.</summary>
    public static BpeTokenizer Create(BpeVocabulary vocabulary)
    {
        var source = vocabulary.Source;
        var words = WordSplits.FindName(vocabulary.PreTokenizer)
            ?? throw new CheckpointException($"{source} has the pre-tokenizer '{vocabulary.PreTokenizer}'; supported are {string.Join(", ", WordSplits.Names)}. Choose another model.");
        if (vocabulary.TokenTypes is { } types && types.Count != vocabulary.Tokens.Count)
            throw new CheckpointException($"{source} has {vocabulary.Tokens.Count} tokens but {types.Count} token types; the file is damaged. Download or convert it again.");
        var added = Enumerable.Range(0, vocabulary.TokenTypes?.Count ?? 0).Where(id => vocabulary.TokenTypes![id] is UnknownType or ControlType or UserDefinedType)
            .Select(id => new AddedToken(vocabulary.Tokens[id], id, Special: vocabulary.TokenTypes![id] != UserDefinedType)).ToList();
        var tokens = new TokenTable(source, vocabulary.Tokens.Select((token, id) => (token, id)), added);
        var special = vocabulary.Special;
        foreach (var (id, name) in new[] { (special.Unknown, "unknown"), (special.Start, "start"), (special.End, "end"), (special.Pad, "padding"), (special.Mask, "mask") })
            if (id is { } given)
                tokens.Check(given, $"{name} token");
        var llama3 = WordSplits.IsLlama3(vocabulary.PreTokenizer);
        var frame = SequenceFrame.Each(vocabulary.AddStart ?? llama3 ? special.Start : null, vocabulary.AddEnd ? special.End : null);
        var model = new BpeModel(source, tokens.ModelIds, [.. vocabulary.Merges.Select(merge => SplitMerge(source, merge))]);
        return new BpeTokenizer(tokens.Tokens, tokens.ModelIds, model, new AddedTokens(added), new BpeSettings(words, WholeWordsFirst: llama3), frame, special);
    }

    private static void Refuse(string path, JsonElement model)
    {
        foreach (var key in new[] { "continuing_subword_prefix", "end_of_word_suffix" })
            if (!string.IsNullOrEmpty(JsonFields.OptionalText(path, model, key)))
                throw new CheckpointException($"{path}: model.{key} is '{JsonFields.OptionalText(path, model, key)}'; only byte-level BPE without one is supported.");
        if (JsonFile.TryGet(model, "dropout", out var dropout) && !(dropout.ValueKind == JsonValueKind.Number && dropout.GetDouble() == 0))
            throw new CheckpointException($"{path}: model.dropout is {dropout.GetRawText()}; ids would be random. Set it to null.");
        if (JsonFields.Flag(path, model, "byte_fallback", fallback: false))
            throw new CheckpointException($"{path}: model.byte_fallback is on; only byte-level BPE, which never needs it, is supported.");
    }

    private static IEnumerable<(string, int)> ReadVocabulary(string path, JsonElement vocabulary)
    {
        if (vocabulary.ValueKind != JsonValueKind.Object)
            throw new CheckpointException($"{path} has no vocabulary object; download or export the file again.");
        return vocabulary.EnumerateObject().Select(token => (token.Name, JsonFields.ToInteger(path, token.Name, token.Value)));
    }

    /// <summary>"left right", or since 2024 ["left", "right"].</summary>
    private static (string, string) ReadMerge(string path, JsonElement merge)
    {
        if (merge.ValueKind == JsonValueKind.String)
            return SplitMerge(path, merge.GetString()!);
        return merge.ValueKind == JsonValueKind.Array && merge.GetArrayLength() == 2 && merge[0].ValueKind == JsonValueKind.String && merge[1].ValueKind == JsonValueKind.String
            ? (merge[0].GetString()!, merge[1].GetString()!)
            : throw JsonFields.Wrong(path, "merges", merge, "a pair of tokens");
    }

    private static (string, string) SplitMerge(string source, string merge)
    {
        var parts = merge.Split(' ');
        return parts is [{ Length: > 0 } left, { Length: > 0 } right]
            ? (left, right)
            : throw new CheckpointException($"{source}: the merge '{merge}' is not two tokens with one space between; download or export the file again.");
    }

    private static (Regex[] Words, bool PrefixSpace) ReadWords(string path, JsonElement root)
    {
        if (TokenizerJson.ReadSteps(path, root, "normalizer", "normalizers") is [var (normalizer, _), ..])
            throw new CheckpointException($"{path} has the normalizer '{normalizer}' before BPE, which is not supported; choose a model without one.");
        var steps = TokenizerJson.ReadSteps(path, root, "pre_tokenizer", "pretokenizers");
        if (steps is not [.., ("ByteLevel", var bytes)])
            throw new CheckpointException($"{path}: the pre_tokenizer is {(steps.Count == 0 ? "absent" : $"'{steps[^1].Type}'")}; only BPE whose last step is ByteLevel is supported.");
        var words = steps[..^1].ConvertAll(step => ReadSplit(path, step.Type, step.Step));
        var prefixSpace = JsonFields.Flag(path, bytes, "add_prefix_space", fallback: true);
        if (prefixSpace && words.Count > 0)
            throw new CheckpointException($"{path}: add_prefix_space after the step '{steps[0].Type}' is not supported.");
        if (JsonFields.Flag(path, bytes, "use_regex", fallback: true))
            words.Add(WordSplits.Gpt2());
        return ([.. words], prefixSpace);
    }

    private static Regex ReadSplit(string path, string type, JsonElement step)
    {
        if (type == "Digits")
            return JsonFields.Flag(path, step, "individual_digits", fallback: false) ? WordSplits.Digit() : WordSplits.Digits();
        var pattern = type == "Split" && JsonFields.Object(path, step, "pattern") is { } rule ? JsonFields.OptionalText(path, rule, "Regex") : null;
        if (pattern is null || JsonFields.Text(path, step, "behavior") != "Isolated" || JsonFields.Flag(path, step, "invert", fallback: false))
            throw new CheckpointException($"{path}: the pre_tokenizer step {type} {step.GetRawText()} is not supported; Digits, Split by a regular expression (Isolated) and ByteLevel are.");
        return WordSplits.FindPattern(pattern)
            ?? throw new CheckpointException($"{path} splits words by the pattern {pattern}, which is not one of those known (GPT-2, Llama 3, Qwen 2); choose another model.");
    }

    private static bool ReadPrefixSpace(string path)
    {
        if (!File.Exists(path))
            return false;
        using var document = JsonFile.Read(path);
        return JsonFields.Flag(path, document.RootElement, "add_prefix_space", fallback: false);
    }
}
