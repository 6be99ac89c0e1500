using System.Text.Json;
using FwdLLM.Learning;
using FwdLLM.Modeling.Adapters;
using FwdLLM.Modeling.Architectures;
using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Compilation;
using FwdLLM.Modeling.Graphs;
using FwdLLM.Modeling.Onnx;
using FwdLLM.Modeling.Precision;

namespace FwdLLM.Modeling.Exports;

/// <summary>
/// The whole model in one graph, under the names that Hugging Face's ONNX exports use: input_ids, attention_mask and, where the
/// model tells segments apart, token_type_ids, int64 [n, S] → logits [n, C], or [n, S, C] where features are not pooled.
/// Texts are padded on the right.
/// </summary>
internal sealed class ClassifierGraph(CompiledModel model, GraphBuilder g)
{
    private const string Batch = "batch_size";
    private const string Length = "sequence_length";

    /// <summary>Writes the graph.</summary>
    /// <param name="adapter">What acts on the layers; <see cref="Adapter.None"/> where it is merged into the weights.</param>
    /// <param name="layout">Layout of the adapter's θ.</param>
    /// <param name="blocks">The tensor of each block of θ.</param>
    /// <param name="headWeight">Tensor [C, H].</param>
    /// <param name="headBias">Tensor [C].</param>
    /// <param name="classes">C.</param>
    public void Emit(Adapter adapter, AdapterLayout layout, IReadOnlyList<string> blocks, string headWeight, string headBias, int classes)
    {
        var manifest = model.Manifest;
        var (config, architecture) = (manifest.Config, KnownArchitectures.Get(manifest.Config.Architecture));
        var ids = g.Input("input_ids", ElementType.Int64, Batch, Length);
        var mask = g.Node("Cast", [g.Input("attention_mask", ElementType.Int64, Batch, Length)], ("to", (long)ElementType.Float32));
        var scope = new GraphScope(g, layout) { BatchShape = g.Node("Shape", [ids]), Mask = mask, ThetaBlocks = blocks };
        var program = new ProgramBuilder(config, PrecisionPlan.Create(new PrecisionSpec(manifest.WeightFormat, manifest.KeepFloat), config, manifest.Pooling), adapter);
        var value = architecture.Enter(program, 0);
        for (var layer = 0; layer < config.Layers; layer++)
            value = architecture.Block(program, value, layer);
        architecture.Features(program, architecture.Leave(program, value), manifest.Pooling);

        var features = program.Program.Forward(scope, architecture.Embed(scope, config, ids, Segments(config, ids)));
        var logits = g.Node("Gemm", [features, headWeight, headBias], ("transB", 1));
        if (manifest.Pooling == PoolingKind.Tokens)
            g.Output("logits", scope.ToSequences(logits, tangents: false, classes), Batch, Length, classes);
        else
            g.Output("logits", logits, Batch, classes);
    }

    /// <summary>Records what a program needs besides the graph.</summary>
    public void Describe(TrainedModel trained)
    {
        g.Metadata("labels", JsonSerializer.Serialize(trained.Labels));
        g.Metadata("max_tokens", JsonSerializer.Serialize(trained.MaxTokens));
        g.Metadata("architecture", model.Manifest.Config.Architecture);
        g.Metadata("base_model", trained.BaseModel);
        g.Metadata("adapter", model.Manifest.Adapter.Kind);
    }

    // With one segment there is nothing to tell apart, and tokenizers of such models give no ids for it.
    private string? Segments(ModelConfig config, string ids) => config.TypeVocabularySize switch
    {
        0 => null,
        1 => g.Sub(ids, ids),
        _ => g.Input("token_type_ids", ElementType.Int64, Batch, Length),
    };
}
