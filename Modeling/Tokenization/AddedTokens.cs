using System.Buffers;

namespace FwdLLM.Modeling.Tokenization;

/// <summary>Cuts a text at its added tokens: the first place wins, and there the longest token.</summary>
internal sealed class AddedTokens
{
    private readonly SearchValues<string> _any;
    private readonly Dictionary<string, AddedToken> _byText = new(StringComparer.Ordinal);
    private readonly Dictionary<string, AddedToken>.AlternateLookup<ReadOnlySpan<char>> _lookup;
    private readonly HashSet<int> _special;
    private readonly int[] _lengths;

    public AddedTokens(IReadOnlyList<AddedToken> tokens)
    {
        // Nothing is found of an empty token, as in the reference.
        foreach (var token in tokens.Where(token => token.Text.Length > 0))
            _byText[token.Text] = token;
        _lookup = _byText.GetAlternateLookup<ReadOnlySpan<char>>();
        _lengths = [.. _byText.Keys.Select(text => text.Length).Distinct().OrderDescending()];
        _any = SearchValues.Create([.. _byText.Keys], StringComparison.Ordinal);
        _special = [.. tokens.Where(token => token.Special).Select(token => token.Id)];
    }

    public bool IsSpecial(int id) => _special.Contains(id);

    /// <summary>The stretches of a text in order: an added token, or null for plain text, and its range.</summary>
    public IEnumerable<(AddedToken? Token, int Start, int End)> Split(string text)
    {
        for (var plain = 0; plain < text.Length;)
        {
            var distance = text.AsSpan(plain).IndexOfAny(_any);
            if (distance < 0)
            {
                yield return (null, plain, text.Length);
                yield break;
            }

            var token = At(text, plain + distance);
            var (start, end) = (plain + distance, plain + distance + token.Text.Length);
            while (token.TakesLeft && start > plain && char.IsWhiteSpace(text[start - 1]))
                start--;
            while (token.TakesRight && end < text.Length && char.IsWhiteSpace(text[end]))
                end++;
            if (start > plain)
                yield return (null, plain, start);
            yield return (token, start, end);
            plain = end;
        }
    }

    private AddedToken At(string text, int position)
    {
        foreach (var length in _lengths)
            if (length <= text.Length - position && _lookup.TryGetValue(text.AsSpan(position, length), out var token))
                return token;
        throw new InvalidOperationException($"No added token starts at {position}, where the search found one.");
    }
}
