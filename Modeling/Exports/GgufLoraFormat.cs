using FwdLLM.Modeling.Adapters;
using FwdLLM.Modeling.Checkpoints.Gguf;
using FwdLLM.Modeling.Compilation;

namespace FwdLLM.Modeling.Exports;

/// <summary>
/// A LoRA adapter for llama.cpp, as its convert_lora_to_gguf.py writes it: <c>blk.N.….weight.lora_a</c> [r, in] and <c>.lora_b</c> [out, r],
/// added as adapter.lora.alpha / r · B·A. LLaMA models only; the head is beside it.
/// </summary>
internal sealed class GgufLoraFormat : ExportFormat
{
    public const string AdapterFile = "adapter.gguf";

    private const string Architecture = "llama";

    public override string Name => "gguf";

    public override string? Refusal(CompiledModel model) => model.Manifest.Config.Architecture == Architecture
        ? LowRank.Refusal(model)
        : $"holds LoRA adapters of {Architecture} models, and this is a {model.Manifest.Config.Architecture}; export it as {ExportFormats.Peft} or onnx.";

    public override void Write(TrainedModel trained, string folder)
    {
        var modules = trained.Model.ToLora(trained.Theta);
        // One α for all layers: what a layer's own differs by goes into its B.
        var alpha = modules[0].Scaling * modules[0].Rank;
        var writer = new GgufWriter();
        writer.Add("general.architecture", Architecture);
        writer.Add("general.type", "adapter");
        writer.Add("general.name", trained.BaseModel);
        writer.Add("adapter.type", "lora");
        writer.Add("adapter.lora.alpha", alpha);
        foreach (var module in modules)
        {
            var (stored, permuted) = GgufLlamaNames.Find(module.Module)
                ?? throw new ExportException($"The format {Name} has no name for layer '{module.Module}'; export the adapter as {ExportFormats.Peft}.");
            var factor = module.Scaling * module.Rank / alpha;
            writer.Add(stored + ".weight.lora_a", module.A, module.Rank, module.In);
            writer.Add(stored + ".weight.lora_b", Rows(module, factor, permuted ? trained.Model.Manifest.Config.HeadSize : null), module.Out, module.Rank);
        }

        writer.Write(Path.Combine(folder, AdapterFile));
    }

    /// <summary>factor·B, with rows in the order in which GGUF has those of the layer's weight.</summary>
    private static float[] Rows(LoraModule module, float factor, int? permutedHeadSize)
    {
        var rows = new float[module.B.Length];
        for (var row = 0; row < module.Out; row++)
        {
            var target = permutedHeadSize is { } size ? (int)GgufLlamaNames.StoredRow(row, size) : row;
            for (var k = 0; k < module.Rank; k++)
                rows[target * module.Rank + k] = factor * module.B[row * module.Rank + k];
        }

        return rows;
    }
}
