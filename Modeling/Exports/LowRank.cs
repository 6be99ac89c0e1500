using FwdLLM.Modeling.Adapters;
using FwdLLM.Modeling.Compilation;

namespace FwdLLM.Modeling.Exports;

/// <summary>What formats of LoRA matrices ask of an adapter.</summary>
internal static class LowRank
{
    /// <summary>Null for low-rank additions to linear layers, otherwise why they are needed.</summary>
    public static string? Refusal(CompiledModel model) => model.Adapter() is AdditiveAdapter
        ? null
        : $"holds low-rank additions to linear layers, which an adapter of kind '{model.Manifest.Adapter.Kind}' is not; export it as onnx, or train lora or lora-xs.";
}
