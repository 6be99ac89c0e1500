using FwdLLM.Inference;

namespace FwdLLM.Silo;

/// <summary>A question with its windows.</summary>
/// <param name="Context">The context.</param>
/// <param name="Answers">Right answers, at least one; the loss is that of the first.</param>
/// <param name="AnswerStart">UTF-16 code units of the context before the first answer.</param>
/// <param name="Windows">Windows, at least one.</param>
public sealed record HeldOutQuestion(string Context, IReadOnlyList<string> Answers, int AnswerStart, IReadOnlyList<QuestionWindow> Windows);
