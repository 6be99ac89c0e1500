using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Tokenization.Format;
using Google.Protobuf;

namespace FwdLLM.Modeling.Tokenization;

/// <summary>Reads ALBERT's tokenizer from SentencePiece's own file, with tokenizer_config.json beside it; the result is that of the tokenizer.json made from it.</summary>
internal static class SentencePieceFile
{
    public const string FileName = "spiece.model";

    private const int UnigramModelType = 1;
    private const int NormalType = 1, UnknownType = 2, ControlType = 3;

    public static UnigramTokenizer Read(string folder)
    {
        var path = Path.Combine(folder, FileName);
        var file = Parse(path);
        var kind = file.TrainerSpec is { HasModelType: true } trainer ? trainer.ModelType : UnigramModelType;
        if (kind != UnigramModelType)
            throw new CheckpointException($"{path} holds a model of type {kind}; only unigram (1) is supported. Choose another model.");
        var pieces = file.Pieces.Select(piece => new UnigramPiece(piece.Piece, piece.Score)).ToList();
        var types = file.Pieces.Select(piece => piece.HasType ? piece.Type : NormalType).ToList();
        var added = Enumerable.Range(0, pieces.Count).Where(id => types[id] is UnknownType or ControlType)
            .Select(id => new AddedToken(pieces[id].Text, id, Special: true, TakesLeft: pieces[id].Text == "[MASK]")).ToList();
        var tokens = new TokenTable(path, pieces.Select((piece, id) => (piece.Text, id)), added);
        var frame = SequenceFrame.Bert(tokens.Require("[CLS]", "start token"), tokens.Require("[SEP]", "end token"));
        var settings = new UnigramSettings(ReadNormalizer(path, folder, file), SplitWhiteSpace: true, PrefixScheme.Always, ByteFallback: file.TrainerSpec?.ByteFallback ?? false);
        return new UnigramTokenizer(tokens.Tokens, new UnigramModel(path, pieces, types.IndexOf(UnknownType)), new AddedTokens(added), settings, frame, SpecialTokenFiles.Read(folder, tokens));
    }

    private static NormalizerStep[] ReadNormalizer(string path, string folder, SentencePieceModel file)
    {
        var rules = file.NormalizerSpec?.PrecompiledCharsmap ?? ByteString.Empty;
        var charsmap = rules.IsEmpty ? null : new PrecompiledCharsmap(path, rules.Span);
        var config = Path.Combine(folder, SpecialTokenFiles.ConfigFile);
        if (!File.Exists(config))
            return TextNormalizer.Albert(lowercase: true, keepAccents: false, charsmap);
        using var document = JsonFile.Read(config);
        return TextNormalizer.Albert(
            JsonFields.Flag(config, document.RootElement, "do_lower_case", fallback: true),
            JsonFields.Flag(config, document.RootElement, "keep_accents", fallback: false),
            charsmap);
    }

    private static SentencePieceModel Parse(string path)
    {
        try
        {
            using var stream = File.OpenRead(path);
            if (stream.Length > JsonFile.MaxBytes)
                throw new CheckpointException($"{path} has {stream.Length} bytes; at most {JsonFile.MaxBytes} are read. It is not a tokenizer's model.");
            return SentencePieceModel.Parser.ParseFrom(stream);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // InvalidProtocolBufferException is an IOException.
            throw new CheckpointException($"{path} cannot be read as a SentencePiece model: {error.Message} Check the path and its permissions, or download it again.", error);
        }
    }
}
