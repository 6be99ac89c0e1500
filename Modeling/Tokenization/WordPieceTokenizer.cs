using System.Buffers;
using System.Text;

namespace FwdLLM.Modeling.Tokenization;

/// <summary>
/// BERT's tokenizer: the ids and offsets of Hugging Face's "tokenizers" library, checked against it case by case.
/// Special tokens written in a text, such as <c>[MASK]</c>, count as such. Immutable and thread-safe.
/// </summary>
public sealed class WordPieceTokenizer : FramedTokenizer
{
    /// <summary>The files of a folder that say how to tokenise.</summary>
    public static readonly IReadOnlyList<string> Files = ["vocab.txt", "tokenizer.json", "tokenizer_config.json"];

    private static readonly (string Spaced, string Closed)[] Closings =
    [
        (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"), (" 'm", "'m"),
        (" do not", " don't"), (" 's", "'s"), (" 've", "'ve"), (" 're", "'re"),
    ];

    private readonly SearchValues<string> _anySpecial;
    private readonly (string Text, int Id)[] _specials;

    /// <summary>Creates a tokenizer from its parts.</summary>
    public WordPieceTokenizer(WordPieceVocabulary vocabulary, WordPieceSettings settings)
        : base(SequenceFrame.Bert(vocabulary.ClassId, vocabulary.SeparatorId), SpecialIds(vocabulary), vocabulary.Pieces.Count)
    {
        Vocabulary = vocabulary;
        Settings = settings;
        // Longest first, so that the longest wins where several start at one place.
        _specials = [.. WordPieceVocabulary.SpecialTokens.Where(token => vocabulary.Find(token) is not null)
            .Select(token => (token, vocabulary.Find(token)!.Value)).OrderByDescending(token => token.token.Length)];
        _anySpecial = SearchValues.Create([.. _specials.Select(special => special.Text)], StringComparison.Ordinal);
    }

    /// <summary>The pieces and special ids.</summary>
    public WordPieceVocabulary Vocabulary { get; }

    /// <summary>How text is normalised.</summary>
    public WordPieceSettings Settings { get; }

    /// <summary>Reads vocab.txt with tokenizer_config.json, or else tokenizer.json, from a checkpoint's folder.</summary>
    /// <exception cref="Checkpoints.CheckpointException">No such file, or one of a tokenizer that is not BERT's.</exception>
    public static WordPieceTokenizer Load(string folder) => WordPieceFiles.Load(folder);

    internal override TokenRun Tokenize(string text, int limit)
    {
        var scanner = new WordPieceScanner(Vocabulary, Settings, limit);
        for (var position = 0; position < text.Length && !scanner.Full;)
        {
            var distance = text.AsSpan(position).IndexOfAny(_anySpecial);
            var plainEnd = distance < 0 ? text.Length : position + distance;
            scanner.Scan(text, position, plainEnd);
            position = plainEnd;
            if (position == text.Length || scanner.Full)
                break;
            var special = Array.Find(_specials, candidate => string.CompareOrdinal(text, position, candidate.Text, 0, candidate.Text.Length) == 0);
            scanner.Add(special.Id, (position, position + special.Text.Length));
            position += special.Text.Length;
        }

        return new TokenRun(scanner.Ids, scanner.Offsets).Truncate(limit);
    }

    private protected override bool IsSpecial(int id) => Array.Exists(_specials, special => special.Id == id);

    private protected override string TokenText(int id) => Vocabulary.Pieces[id];

    /// <summary>Pieces joined as the reference does it: a space before every word, and none before punctuation and English contractions.</summary>
    private protected override string Join(IReadOnlyList<string> tokens)
    {
        var text = new StringBuilder();
        foreach (var token in tokens)
        {
            var continues = text.Length > 0 && token.StartsWith(WordPieceVocabulary.ContinuationPrefix, StringComparison.Ordinal);
            var piece = continues ? token[WordPieceVocabulary.ContinuationPrefix.Length..] : text.Length > 0 ? " " + token : token;
            foreach (var (spaced, closed) in Closings)
                piece = piece.Replace(spaced, closed, StringComparison.Ordinal);
            text.Append(piece);
        }

        return text.ToString();
    }

    private static SpecialTokenIds SpecialIds(WordPieceVocabulary vocabulary) =>
        new(vocabulary.UnknownId, vocabulary.ClassId, vocabulary.SeparatorId, vocabulary.Find("[PAD]"), vocabulary.Find("[MASK]"));
}
