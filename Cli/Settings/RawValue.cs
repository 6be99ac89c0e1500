namespace FwdLLM.Cli.Settings;

/// <summary>A value before it is checked.</summary>
/// <param name="Text">As written.</param>
/// <param name="Where">For messages: the option, or file, line and key.</param>
public sealed record RawValue(string Text, string Where);
