using FwdLLM.Learning;
using FwdLLM.Modeling.Adapters;
using FwdLLM.Modeling.Precision;

namespace FwdLLM.Modeling.Exports;

/// <summary>
/// One ONNX file from token ids to logits, with the head as its last layer and label names in its metadata. Low-rank additions
/// are merged into float32 weights; every other adapter is in the graph with constants for θ.
/// </summary>
internal sealed class OnnxFormat : ExportFormat
{
    public const string GraphFile = "model.onnx";

    /// <summary>Bytes of constants up to which they are held within the file.</summary>
    public long InlineLimit { get; init; } = ExportWeights.InlineLimit;

    /// <summary>Merge what can be merged.</summary>
    public bool Merges { get; init; } = true;

    public override string Name => "onnx";

    public override bool EndsInLogits => true;

    public override void Write(TrainedModel trained, string folder)
    {
        var model = trained.Model;
        var head = trained.Head!;
        var adapter = model.Adapter();
        var merges = Merges && adapter is AdditiveAdapter && model.Manifest.WeightFormat == WeightFormats.Float32;
        GraphFiles.Write(model, merges ? model.ToLora(trained.Theta) : [], folder, GraphFile, InlineLimit, g =>
        {
            var graph = new ClassifierGraph(model, g);
            var (weight, bias) = (g.FloatTensor("head.weight", head.Weight, head.Classes, head.Features), g.FloatTensor("head.bias", head.Bias, head.Classes));
            if (merges)
                graph.Emit(Adapter.None, new AdapterLayout([]), [], weight, bias, head.Classes);
            else // Blocks of some kinds have the names of the biases that they move.
                graph.Emit(adapter, model.Layout, [.. model.Layout.Blocks.Select(block => g.FloatTensor("theta." + block.Name, trained.Theta[block.Offset..(block.Offset + block.Length)], block.Length))], weight, bias, head.Classes);
            graph.Describe(trained);
        });
    }
}
