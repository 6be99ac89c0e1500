namespace FwdLLM.Learning.Tasks;

/// <summary>Finds the answer that a window's scores favour.</summary>
public static class SpanSearch
{
    /// <summary>Most tokens of an answer, as in BERT's evaluation on SQuAD.</summary>
    public const int MostTokens = 30;

    /// <summary>The span of tokens first to last, start ≤ end, of at most <see cref="MostTokens"/> tokens whose start and end scores have the largest sum; the first of equals. Null where there is no token.</summary>
    /// <param name="scores">Scores of the window [T, 2].</param>
    /// <param name="first">First token that may be part of an answer.</param>
    /// <param name="last">Last such token.</param>
    public static (SpanTarget Span, double Score)? Best(ReadOnlySpan<double> scores, int first, int last)
    {
        (SpanTarget Span, double Score)? best = null;
        for (var start = first; start <= last; start++)
            for (var end = start; end <= Math.Min(last, start + MostTokens - 1); end++)
            {
                var score = scores[2 * start] + scores[(2 * end) + 1];
                if (best is null || score > best.Value.Score)
                    best = (new SpanTarget(start, end), score);
            }

        return best;
    }
}
