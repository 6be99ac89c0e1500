namespace FwdLLM.Modeling.Tokenization;

/// <summary>Tokens of one text, without added special tokens, and their places in it.</summary>
internal readonly record struct TokenRun(List<int> Ids, List<(int Start, int End)> Offsets)
{
    public TokenRun Truncate(int limit) => Ids.Count <= limit ? this : Slice(0, limit);

    public TokenRun Slice(int start, int count) => new(Ids.GetRange(start, count), Offsets.GetRange(start, count));
}
