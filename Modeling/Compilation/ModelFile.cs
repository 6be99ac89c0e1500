namespace FwdLLM.Modeling.Compilation;

/// <summary>One file of a compiled model.</summary>
/// <param name="Name">File name, without folder.</param>
/// <param name="Length">Bytes.</param>
/// <param name="Sha256">Lower-case hexadecimal.</param>
public sealed record ModelFile(string Name, long Length, string Sha256);
