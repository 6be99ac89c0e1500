namespace FwdLLM.Modeling.Compilation;

/// <summary>One graph of a compiled model.</summary>
/// <param name="Name">prefix, forward, jvp or vjp.</param>
/// <param name="File">File name.</param>
/// <param name="Weights">Tensors of the weight file that it reads.</param>
public sealed record ModelGraph(string Name, string File, IReadOnlyList<string> Weights);
