using FwdLLM.Learning.Tasks;

namespace FwdLLM.Learning.Tests.Tasks;

public sealed class SpanSearchTests
{
    [Fact]
    public void End_never_comes_before_start()
    {
        // Starts 0 1 9 0, ends 0 8 1 3: the best start with the best end would be (2, 1).
        var found = SpanSearch.Best([0, 0, 1, 8, 9, 1, 0, 3], 0, 3)!.Value;
        Assert.Equal((new SpanTarget(2, 3), 12.0), (found.Span, found.Score));
    }

    [Fact]
    public void Only_tokens_of_the_context_and_at_most_thirty_of_them()
    {
        var scores = new double[2 * 64];
        (scores[2 * 4], scores[(2 * 40) + 1], scores[(2 * 33) + 1], scores[(2 * 63) + 1]) = (5, 9, 2, 50);
        Assert.Equal(new SpanTarget(11, 40), SpanSearch.Best(scores, 2, 62)!.Value.Span);
        scores[(2 * 40) + 1] = 6.5;
        Assert.Equal(new SpanTarget(4, 33), SpanSearch.Best(scores, 2, 62)!.Value.Span);
        Assert.Null(SpanSearch.Best(scores, 5, 4));
    }
}
