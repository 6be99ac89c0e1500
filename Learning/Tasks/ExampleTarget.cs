namespace FwdLLM.Learning.Tasks;

/// <summary>What an example's features are to say; one kind for every kind of head.</summary>
public abstract record ExampleTarget;

/// <summary>A class.</summary>
/// <param name="Class">From 0 to C − 1.</param>
public sealed record ClassTarget(int Class) : ExampleTarget;

/// <summary>First and last token of the answer in a window; both 0, the token [CLS], where the window does not hold it.</summary>
/// <param name="Start">From 0.</param>
/// <param name="End">From <paramref name="Start"/>.</param>
public sealed record SpanTarget(int Start, int End) : ExampleTarget;

/// <summary>Tokens that are to be predicted.</summary>
/// <param name="Rows">The token whose row predicts each: the one before it. Ascending [A].</param>
/// <param name="Tokens">Their ids [A].</param>
public sealed record AnswerTarget(int[] Rows, int[] Tokens) : ExampleTarget;
