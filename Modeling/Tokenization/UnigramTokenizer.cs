using System.Globalization;
using System.Text;

namespace FwdLLM.Modeling.Tokenization;

/// <summary>SentencePiece's unigram tokenizer, as ALBERT has it: normalised text, spaces written as ▁, cut into the likeliest pieces.</summary>
internal sealed class UnigramTokenizer : FramedTokenizer
{
    private const char Space = '\u2581';

    private readonly IReadOnlyList<string> _pieces;
    private readonly UnigramModel _model;
    private readonly AddedTokens _added;
    private readonly UnigramSettings _settings;
    private readonly int[]? _byteIds;

    public UnigramTokenizer(IReadOnlyList<string> pieces, UnigramModel model, AddedTokens added, UnigramSettings settings, SequenceFrame frame, SpecialTokenIds special)
        : base(frame, special, pieces.Count)
    {
        _pieces = pieces;
        _model = model;
        _added = added;
        _settings = settings;
        if (settings.ByteFallback)
            _byteIds = FindBytes(pieces);
    }

    internal override TokenRun Tokenize(string text, int limit)
    {
        var run = new TokenRun([], []);
        foreach (var (token, start, end) in _added.Split(text))
        {
            if (run.Ids.Count >= limit)
                break;
            if (token is null)
                AddPlain(run, text, start, end, limit);
            else
                Add(run, token.Id, start, end);
        }

        return run.Truncate(limit);
    }

    private protected override bool IsSpecial(int id) => _added.IsSpecial(id);

    private protected override string TokenText(int id) => _pieces[id];

    private protected override string Join(IReadOnlyList<string> tokens)
    {
        var bytes = new List<byte>();
        foreach (var token in tokens)
        {
            if (_byteIds is not null && ParseByte(token) is { } value)
                bytes.Add(value);
            else
                bytes.AddRange(Encoding.UTF8.GetBytes(token.Replace(Space, ' ')));
        }

        // The ▁ in front of the first word was put there by encoding.
        var text = Encoding.UTF8.GetString([.. bytes]);
        return _settings.Prefix != PrefixScheme.Never && tokens.Count > 0 && tokens[0].StartsWith(Space) ? text[1..] : text;
    }

    private void AddPlain(TokenRun run, string text, int start, int end, int limit)
    {
        var runes = MappedText.Read(text, start, end);
        foreach (var step in _settings.Steps)
            runes = step(runes);
        foreach (var (first, last) in _settings.SplitWhiteSpace ? SplitWhiteSpace(runes) : [(0, runes.Count)])
            foreach (var word in SplitWords(MarkSpaces(runes.Slice(first, last - first), startsText: start == 0 && first == 0)))
            {
                if (run.Ids.Count >= limit)
                    return;
                AddWord(run, word);
            }
    }

    private static IEnumerable<(int First, int Last)> SplitWhiteSpace(List<MappedRune> runes)
    {
        for (int start = 0, end; start < runes.Count; start = end + 1)
        {
            end = runes.FindIndex(start, rune => Rune.IsWhiteSpace(rune.Rune));
            end = end < 0 ? runes.Count : end;
            if (end > start)
                yield return (start, end);
        }
    }

    private List<MappedRune> MarkSpaces(List<MappedRune> runes, bool startsText)
    {
        var marked = runes.ConvertAll(rune => rune.Rune.Value == ' ' ? rune with { Rune = new Rune(Space) } : rune);
        var prefixed = _settings.Prefix == PrefixScheme.Always || (_settings.Prefix == PrefixScheme.First && startsText);
        if (prefixed && marked.Count > 0 && marked[0].Rune.Value != Space)
            marked.Insert(0, new MappedRune(new Rune(Space), marked[0].Start, marked[0].End));
        return marked;
    }

    private IEnumerable<List<MappedRune>> SplitWords(List<MappedRune> runes)
    {
        for (int start = 0, end; start < runes.Count; start = end)
        {
            end = _settings.SplitWords ? runes.FindIndex(start + 1, rune => rune.Rune.Value == Space) : -1;
            end = end < 0 ? runes.Count : end;
            yield return runes.Slice(start, end - start);
        }
    }

    private void AddWord(TokenRun run, List<MappedRune> word)
    {
        var (units, indices) = MappedText.ToUnits(word);
        var start = 0;
        foreach (var (id, end) in _model.Segment(units))
        {
            var (from, to) = (word[indices[start]].Start, word[indices[end - 1]].End);
            if (id == _model.UnknownId && _byteIds is not null)
                foreach (var value in Encoding.UTF8.GetBytes(units, start, end - start))
                    Add(run, _byteIds[value], from, to);
            else
                Add(run, id, from, to);
            start = end;
        }
    }

    private static void Add(TokenRun run, int id, int start, int end)
    {
        run.Ids.Add(id);
        run.Offsets.Add((start, end));
    }

    /// <summary>The ids of the 256 byte tokens, or null unless all are there.</summary>
    private static int[]? FindBytes(IReadOnlyList<string> pieces)
    {
        var ids = new int[256];
        ids.AsSpan().Fill(-1);
        for (var id = 0; id < pieces.Count; id++)
            if (ParseByte(pieces[id]) is { } value)
                ids[value] = id;
        return ids.Contains(-1) ? null : ids;
    }

    private static byte? ParseByte(string token) =>
        token.Length == 6 && token.StartsWith("<0x", StringComparison.Ordinal) && token[5] == '>'
            && byte.TryParse(token.AsSpan(3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value) ? value : null;
}
