using System.Text;

namespace FwdLLM.Modeling.Tokenization;

/// <summary>Byte-level BPE, as GPT-2, RoBERTa, Llama 3 and SmolLM2 have it: words, their UTF-8 bytes, merged.</summary>
internal sealed class BpeTokenizer : FramedTokenizer
{
    private readonly IReadOnlyList<string> _tokens;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _ids;
    private readonly BpeModel _model;
    private readonly AddedTokens _added;
    private readonly BpeSettings _settings;

    /// <param name="tokens">All tokens in the order of their ids, added ones included.</param>
    /// <param name="ids">Ids of the tokens that merging can give.</param>
    /// <param name="model">The merges.</param>
    /// <param name="added">Tokens found as they stand.</param>
    /// <param name="settings">The rest.</param>
    /// <param name="frame">Special tokens round a text.</param>
    /// <param name="special">Special ids.</param>
    public BpeTokenizer(IReadOnlyList<string> tokens, Dictionary<string, int> ids, BpeModel model, AddedTokens added, BpeSettings settings, SequenceFrame frame, SpecialTokenIds special)
        : base(frame, special, tokens.Count)
    {
        _tokens = tokens;
        _ids = ids.GetAlternateLookup<ReadOnlySpan<char>>();
        _model = model;
        _added = added;
        _settings = settings;
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
                AddWhole(run, text, token.Id, start, end);
        }

        return run.Truncate(limit);
    }

    private protected override bool IsSpecial(int id) => _added.IsSpecial(id);

    private protected override string TokenText(int id) => _tokens[id];

    /// <summary>Bytes that are no valid UTF-8, as when a character was cut, become replacement characters.</summary>
    private protected override string Join(IReadOnlyList<string> tokens) =>
        Encoding.UTF8.GetString([.. tokens.SelectMany(ByteAlphabet.ToBytes)]);

    private void AddPlain(TokenRun run, string text, int start, int end, int limit)
    {
        var runes = MappedText.Read(text, start, end);
        if (_settings.PrefixSpace && runes[0].Rune.Value != ' ')
            runes.Insert(0, new MappedRune(new Rune(' '), runes[0].Start, runes[0].End));
        foreach (var word in WordSplitter.Split(runes, _settings.Words))
        {
            if (run.Ids.Count >= limit)
                return;
            var (offset, length) = word.GetOffsetAndLength(runes.Count);
            AddWord(run, text, runes.Slice(offset, length));
        }
    }

    private void AddWord(TokenRun run, string text, List<MappedRune> word)
    {
        if (_settings.WholeWordsFirst && FindWhole(word) is { } whole)
        {
            Add(run, text, whole, word[0].Start, word[^1].End);
            return;
        }

        var symbols = new List<BpeModel.Symbol>(word.Count);
        Span<byte> bytes = stackalloc byte[4];
        foreach (var (rune, start, end) in word)
            foreach (var value in bytes[..rune.EncodeToUtf8(bytes)])
                AddByte(symbols, value, start, end);
        _model.Merge(symbols);
        foreach (var symbol in symbols)
            Add(run, text, symbol.Id, symbol.Start, symbol.End);
    }

    private void AddByte(List<BpeModel.Symbol> symbols, byte value, int start, int end)
    {
        var id = _model.ByteId(value);
        if (id >= 0)
            symbols.Add(new BpeModel.Symbol(id, start, end));
        else if (_settings is { UnknownId: { } unknown, FuseUnknown: true } && symbols.Count > 0 && symbols[^1].Id == unknown)
            symbols[^1] = symbols[^1] with { End = end };
        else if (_settings.UnknownId is { } single)
            symbols.Add(new BpeModel.Symbol(single, start, end));
    }

    private int? FindWhole(List<MappedRune> word)
    {
        var chars = new char[4 * word.Count];
        var count = 0;
        Span<byte> bytes = stackalloc byte[4];
        foreach (var (rune, _, _) in word)
            foreach (var value in bytes[..rune.EncodeToUtf8(bytes)])
                chars[count++] = ByteAlphabet.ToChar(value);
        return _ids.TryGetValue(chars.AsSpan(0, count), out var id) ? id : null;
    }

    private void Add(TokenRun run, string text, int id, int start, int end)
    {
        if (_settings.TrimOffsets)
        {
            var token = _tokens[id].AsSpan();
            var space = ByteAlphabet.ToChar((byte)' ');
            (start, end) = Trim(run, text, start, end, token.Length - token.TrimStart(space).Length, token.Length - token.TrimEnd(space).Length);
        }

        run.Ids.Add(id);
        run.Offsets.Add((start, end));
    }

    /// <summary>An added token, which may have taken the white space beside it.</summary>
    private void AddWhole(TokenRun run, string text, int id, int start, int end)
    {
        if (_settings.TrimOffsets)
        {
            var taken = text.AsSpan(start, end - start);
            (start, end) = Trim(run, text, start, end, taken.Length - taken.TrimStart().Length, taken.Length - taken.TrimEnd().Length);
        }

        run.Ids.Add(id);
        run.Offsets.Add((start, end));
    }

    /// <summary>Moves both ends inwards by characters. A space that was put in front has the place of the character behind it, so that one may go, as in the reference.</summary>
    private (int Start, int End) Trim(TokenRun run, string text, int start, int end, int left, int right)
    {
        // One space at the start may be the one put there; several were in the text.
        if (left == 1 && _settings.TrimKeepsFirst && (run.Ids.Count == 0 || start == 0))
            left = 0;
        for (; left > 0 && start < end; left--)
            start += char.IsSurrogatePair(text, start) ? 2 : 1;
        for (; right > 0 && start < end; right--)
            end -= end - 2 >= start && char.IsSurrogatePair(text, end - 2) ? 2 : 1;
        return (start, end);
    }
}
