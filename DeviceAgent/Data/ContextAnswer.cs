namespace FwdLLM.DeviceAgent.Data;

/// <summary>An answer and its place.</summary>
/// <param name="Text">The answer; stands in the context at <paramref name="Start"/>.</param>
/// <param name="Start">UTF-16 code units of the context before it.</param>
public sealed record ContextAnswer(string Text, int Start);
