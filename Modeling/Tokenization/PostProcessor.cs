using System.Text.Json;
using FwdLLM.Modeling.Checkpoints;

namespace FwdLLM.Modeling.Tokenization;

/// <summary>The post_processor of a tokenizer.json: special tokens round texts, and whether places leave out spaces.</summary>
internal sealed class PostProcessor
{
    private readonly string _path;
    private readonly TokenTable _tokens;

    public PostProcessor(string path, JsonElement root, TokenTable tokens)
    {
        _path = path;
        _tokens = tokens;
        if (JsonFields.Object(path, root, "post_processor") is { } processor)
            Read(processor);
    }

    public SequenceFrame Frame { get; private set; } = SequenceFrame.None;

    public bool TrimOffsets { get; private set; }

    public bool TrimKeepsFirst { get; private set; }

    private void Read(JsonElement processor)
    {
        switch (JsonFields.Text(_path, processor, "type"))
        {
            case "Sequence":
                foreach (var part in JsonFields.Elements(_path, processor, "processors"))
                    Read(part);
                break;
            case "ByteLevel":
                ReadTrimming(processor);
                break;
            case "TemplateProcessing":
                Frame = ReadTemplate(processor);
                break;
            case "BertProcessing":
                Frame = SequenceFrame.Bert(ReadPair(processor, "cls"), ReadPair(processor, "sep"));
                break;
            case "RobertaProcessing":
                Frame = SequenceFrame.Roberta(ReadPair(processor, "cls"), ReadPair(processor, "sep"));
                ReadTrimming(processor);
                break;
            case var other:
                throw new CheckpointException($"{_path}: the post_processor '{other}' is not supported; TemplateProcessing, BertProcessing, RobertaProcessing and ByteLevel are.");
        }
    }

    private void ReadTrimming(JsonElement processor)
    {
        TrimOffsets = JsonFields.Flag(_path, processor, "trim_offsets", fallback: true);
        TrimKeepsFirst = JsonFields.Flag(_path, processor, "add_prefix_space", fallback: true);
    }

    /// <summary>["token", id]</summary>
    private int ReadPair(JsonElement processor, string key)
    {
        var pair = JsonFields.Elements(_path, processor, key).ToArray();
        return pair.Length == 2
            ? _tokens.Check(JsonFields.ToInteger(_path, key, pair[1]), key)
            : throw new CheckpointException($"{_path}: '{key}' of the post_processor has {pair.Length} entries; a token and its id are expected. Download or export the file again.");
    }

    private SequenceFrame ReadTemplate(JsonElement processor)
    {
        var names = JsonFields.Object(_path, processor, "special_tokens") ?? default;
        var single = ReadPieces(processor, "single", names);
        var pair = ReadPieces(processor, "pair", names);
        var (one, first, second) = (single.FindIndex(IsText), pair.FindIndex(IsText), pair.FindLastIndex(IsText));
        var plain = single.Count(IsText) == 1 && single[one].Text == "A" && single[one].Token.Type == 0
            && pair.Count(IsText) == 2 && (pair[first].Text, pair[second].Text) == ("A", "B") && pair[first].Token.Type == 0;
        if (!plain || !SameIds(single[..one], pair[..first]) || !SameIds(single[(one + 1)..], pair[(second + 1)..]))
            throw new CheckpointException($"{_path}: the post_processor's template is none in which a pair starts and ends like a single text, with A before B; other templates are not supported.");
        return new SequenceFrame(Tokens(pair[..first]), Tokens(pair[(first + 1)..second]), Tokens(pair[(second + 1)..]), pair[second].Token.Type);

        static bool IsText((string? Text, FrameToken Token) piece) => piece.Text is not null;
        static FrameToken[] Tokens(List<(string?, FrameToken Token)> pieces) => [.. pieces.Select(piece => piece.Token)];
        static bool SameIds(List<(string?, FrameToken Token)> a, List<(string?, FrameToken Token)> b) =>
            a.Select(piece => piece.Token.Id).SequenceEqual(b.Select(piece => piece.Token.Id));
    }

    /// <summary>The pieces of a template: texts by their letter, special tokens by their ids.</summary>
    private List<(string? Text, FrameToken Token)> ReadPieces(JsonElement processor, string key, JsonElement names)
    {
        var pieces = new List<(string?, FrameToken)>();
        foreach (var piece in JsonFields.Elements(_path, processor, key))
        {
            if (piece.ValueKind == JsonValueKind.Object && JsonFields.Object(_path, piece, "Sequence") is { } text)
                pieces.Add((JsonFields.Text(_path, text, "id"), new FrameToken(0, Type(text))));
            else if (piece.ValueKind == JsonValueKind.Object && JsonFields.Object(_path, piece, "SpecialToken") is { } token)
                foreach (var id in Ids(JsonFields.Text(_path, token, "id")))
                    pieces.Add((null, new FrameToken(id, Type(token))));
            else
                throw JsonFields.Wrong(_path, key, piece, "a Sequence or SpecialToken");
        }

        return pieces;

        int Type(JsonElement part) => JsonFields.OptionalInteger(_path, part, "type_id") ?? 0;
        IEnumerable<int> Ids(string name) => names.ValueKind == JsonValueKind.Object && JsonFields.Object(_path, names, name) is { } entry
            ? JsonFields.Elements(_path, entry, "ids").Select(id => _tokens.Check(JsonFields.ToInteger(_path, name, id), $"special token '{name}'"))
            : throw new CheckpointException($"{_path}: the post_processor uses '{name}' but does not list it among its special_tokens; download or export the file again.");
    }
}
