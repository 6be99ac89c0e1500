using FwdLLM.Learning.Tasks;

namespace FwdLLM.Inference;

/// <summary>A question with a part of its context as one sequence.</summary>
/// <param name="Tokens">The sequence.</param>
/// <param name="Offsets">Per token [start, end) in UTF-16 code units of the context; meaningless outside the context's tokens.</param>
/// <param name="First">First token of the context.</param>
/// <param name="Last">Last token of the context; before <paramref name="First"/> where there is none.</param>
public sealed record QuestionWindow(TokenSequence Tokens, (int Start, int End)[] Offsets, int First, int Last)
{
    /// <summary>The answer's first and last token, or both 0, where [CLS] stands, when this window does not hold all of it.</summary>
    /// <param name="start">UTF-16 code units of the context before the answer.</param>
    /// <param name="length">Code units of the answer.</param>
    public SpanTarget Find(int start, int length)
    {
        var none = new SpanTarget(0, 0);
        if (Last < First || Offsets[First].Start > start || Offsets[Last].End < start + length)
            return none;
        var (from, to) = (First, Last);
        while (from < Last && Offsets[from + 1].Start <= start) from++;
        while (to > First && Offsets[to - 1].End >= start + length) to--;
        return from <= to ? new SpanTarget(from, to) : none;
    }

    /// <summary>The part of the context that a span of context tokens covers.</summary>
    public string Text(string context, SpanTarget span)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(span);
        return context[Offsets[span.Start].Start..Math.Max(Offsets[span.Start].Start, Offsets[span.End].End)];
    }
}
