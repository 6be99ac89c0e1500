namespace FwdLLM.Modeling.Tokenization;

/// <summary>One turn of a conversation.</summary>
/// <param name="Role">Who speaks: system, user or assistant.</param>
/// <param name="Content">What is said, as it stands.</param>
public sealed record ChatMessage(string Role, string Content);
