namespace FwdLLM.Modeling.Checkpoints.Gguf;

/// <summary>One metadata value.</summary>
/// <param name="Kind">What the value is.</param>
/// <param name="ElementKind">What the elements of an array are; null for anything else.</param>
/// <param name="Content">The value as the type that <see cref="GgufValueKind"/> names, or an array of it.</param>
public sealed record GgufValue(GgufValueKind Kind, GgufValueKind? ElementKind, object Content)
{
    /// <summary>The kind as text, for messages: <c>UInt32</c>, <c>Array of String</c>.</summary>
    internal string KindText => ElementKind is null ? Kind.ToString() : $"{Kind} of {ElementKind}";
}
