using FwdLLM.Modeling.Checkpoints;

namespace FwdLLM.Modeling.Tokenization;

/// <summary>Tokens by id and ids by token while a tokenizer is being loaded: every id from 0 on, each once.</summary>
internal sealed class TokenTable
{
    private readonly string _source;
    private readonly Dictionary<string, int> _ids = new(StringComparer.Ordinal);

    /// <param name="source">Where the tokens come from, for messages.</param>
    /// <param name="model">Tokens of the model itself with their ids.</param>
    /// <param name="added">Tokens beside the model; those the model also has must have the same id.</param>
    /// <exception cref="CheckpointException">A token or id comes twice, or ids have gaps.</exception>
    public TokenTable(string source, IEnumerable<(string Token, int Id)> model, IReadOnlyList<AddedToken> added)
    {
        _source = source;
        foreach (var (token, id) in model)
            Add(token, id);
        ModelIds = new Dictionary<string, int>(_ids, StringComparer.Ordinal);
        foreach (var token in added)
        {
            if (!_ids.TryGetValue(token.Text, out var known))
                Add(token.Text, token.Id);
            else if (known != token.Id)
                throw new CheckpointException($"{source}: the added token '{token.Text}' has id {token.Id}, but {known} in the vocabulary; download or export the file again.");
        }

        var tokens = new string?[_ids.Count];
        foreach (var (token, id) in _ids)
        {
            if (id < 0 || id >= tokens.Length || tokens[id] is not null)
                throw new CheckpointException($"{source}: token '{token}' has id {id}; the {tokens.Length} tokens must have the ids 0 to {tokens.Length - 1}, each once.");
            tokens[id] = token;
        }

        if (tokens.Length == 0)
            throw new CheckpointException($"{source} has no tokens; download or export the file again.");
        Tokens = tokens!;
    }

    /// <summary>All tokens in the order of their ids.</summary>
    public IReadOnlyList<string> Tokens { get; }

    /// <summary>Ids of the model's own tokens.</summary>
    public Dictionary<string, int> ModelIds { get; }

    public int? Find(string token) => _ids.TryGetValue(token, out var id) ? id : null;

    public int Require(string token, string purpose) => Find(token)
        ?? throw new CheckpointException($"{_source} has no token '{token}', which is its {purpose}; download or export the file again.");

    /// <summary>An id that a file names, checked.</summary>
    public int Check(int id, string purpose) => id >= 0 && id < Tokens.Count
        ? id
        : throw new CheckpointException($"{_source}: the {purpose} has id {id}; there are tokens 0 to {Tokens.Count - 1}. Download or export the file again.");

    private void Add(string token, int id)
    {
        if (!_ids.TryAdd(token, id))
            throw new CheckpointException($"{_source} lists token '{token}' as {_ids[token]} and as {id}; every token must have one id.");
    }
}
