using FwdLLM.Modeling.Adapters;
using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Compilation;
using FwdLLM.Modeling.Onnx;

namespace FwdLLM.Modeling.Exports;

/// <summary>Writes a graph with the weights of a compiled model, and the tokenizer that makes its inputs.</summary>
internal static class GraphFiles
{
    /// <param name="model">The compiled model.</param>
    /// <param name="merged">Low-rank additions to merge into its weights.</param>
    /// <param name="folder">Target.</param>
    /// <param name="name">Name of the graph's file; constants that do not go into it go into one with <c>.data</c> added.</param>
    /// <param name="inlineLimit">Bytes of constants up to which they are held within the file.</param>
    /// <param name="emit">Writes the graph.</param>
    public static void Write(CompiledModel model, IReadOnlyList<LoraModule> merged, string folder, string name, long inlineLimit, Action<GraphBuilder> emit)
    {
        var beside = model.Manifest.Weights.Sum(entry => entry.Length) > inlineLimit ? Path.Combine(folder, name + ".data") : null;
        using (var weights = new ExportWeights(model, merged, beside))
        {
            var graph = new GraphBuilder(Path.GetFileNameWithoutExtension(name), weights);
            emit(graph);
            AtomicFile.Write(Path.Combine(folder, name), graph.WriteTo);
        }

        foreach (var file in model.TokenizerFiles)
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)), overwrite: true);
    }
}
