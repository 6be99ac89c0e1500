using FwdLLM.Modeling.Adapters;
using FwdLLM.Modeling.Compilation;

namespace FwdLLM.Modeling.Exports;

/// <summary>
/// A base graph and an adapter for ONNX Runtime's LoRA interface. The LoRA matrices and the head are overridable initializers
/// of the base, zero until the adapter is active; the base is the same for all jobs of one model, adapter specification and
/// number of classes. LoRA-XS becomes the LoRA it equals.
/// </summary>
internal sealed class OnnxAdapterFormat : ExportFormat
{
    public const string GraphFile = "base.onnx";
    public const string AdapterFile = "adapter.onnx_adapter";

    private const string HeadWeight = "head.weight";
    private const string HeadBias = "head.bias";

    public override string Name => "onnx-adapter";

    public override bool EndsInLogits => true;

    public override string? Refusal(CompiledModel model) => LowRank.Refusal(model);

    public override void Write(TrainedModel trained, string folder)
    {
        var (manifest, head) = (trained.Model.Manifest, trained.Head!);
        // With α = r the factor is 1: each job's own is in its B.
        var spec = new AdapterSpec(AdapterKinds.Lora, manifest.Adapter.Rank, manifest.Adapter.Rank, manifest.Adapter.Targets, manifest.Adapter.FirstLayer);
        var plan = AdapterPlan.Create(spec, manifest.Config, manifest.Pooling, weights: null);
        var modules = trained.Model.ToLora(trained.Theta);
        // A before B, module by module: the order of the plan's blocks.
        OnnxAdapterTensor[] tensors =
        [
            .. modules.SelectMany(module => new OnnxAdapterTensor[]
            {
                new(module.Module + ".lora_A", [module.Rank, module.In], module.A),
                new(module.Module + ".lora_B", [module.Out, module.Rank], Array.ConvertAll(module.B, value => value * module.Scaling)),
            }),
            new(HeadWeight, [head.Classes, head.Features], head.Weight),
            new(HeadBias, [head.Classes], head.Bias),
        ];
        GraphFiles.Write(trained.Model, [], folder, GraphFile, ExportWeights.InlineLimit, g =>
        {
            foreach (var tensor in tensors)
                g.Parameter(tensor.Name, new float[tensor.Values.Length], tensor.Shape);
            new ClassifierGraph(trained.Model, g).Emit(plan.Adapter, plan.Layout, [.. plan.Layout.Blocks.Select(block => block.Name)], HeadWeight, HeadBias, head.Classes);
        });
        OnnxAdapterWriter.Write(Path.Combine(folder, AdapterFile), tensors);
    }
}
