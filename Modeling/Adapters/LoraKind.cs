using System.Text.Json;
using FwdLLM.Modeling.Architectures;
using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Peft;

namespace FwdLLM.Modeling.Adapters;

/// <summary>LoRA (arXiv 2106.09685): see <see cref="LoraAddition"/>.</summary>
internal sealed class LoraKind : AdapterKind
{
    public override string Name => AdapterKinds.Lora;

    public override Adapter Create(AdapterSpec spec, IReadOnlyList<AdapterPlace> places, ITensorSource? weights)
    {
        if (!(float.IsFinite(spec.Alpha) && spec.Alpha > 0))
            throw new ArgumentException($"LoRA alpha {spec.Alpha} must be a positive number.", nameof(spec));
        return new AdditiveAdapter(spec, places, (place, firstBlock) => new LoraAddition(place.Module, spec.Rank, place.In, place.Out, firstBlock, Scaling(spec)));
    }

    /// <summary>PEFT's LoRA. Rank and scaling must be the same in every layer, and the adapted layers the same in every block from the lowest up.</summary>
    public override AdapterSpec? Read(string path, JsonElement config, Architecture architecture, IReadOnlyList<AdapterPlace> places)
    {
        if (!PeftConfig.IsType(config, LoraConfig.Type))
            return null;
        var lora = new LoraConfig(path, config);
        var (chosen, targets, firstLayer) = lora.Adapted(architecture, places);
        var scales = chosen.Select(place => lora.Of(architecture.FullName(place.Module))).Distinct().ToList();
        return scales.Count == 1
            ? new AdapterSpec(Name, scales[0].Rank, (float)scales[0].Alpha, targets, firstLayer) { RankStabilised = lora.RankStabilised }
            : throw new CheckpointException($"{path}: layers differ in rank or alpha; only one LoRA for all blocks from the lowest adapted one up is trained.");
    }

    public override void WriteConfig(Utf8JsonWriter json, SavedAdapter saved) =>
        new LoraConfigWriter(saved.Spec.Rank, saved.Spec.Alpha, saved.Spec.RankStabilised, saved.Modules(PeftExporter.SuffixA)).Write(json, saved.Heads, saved.Task, saved.BaseModel);

    // In double and rounded once, as PEFT's scale is when it is read back.
    private static float Scaling(AdapterSpec spec) => (float)(spec.Alpha / (spec.RankStabilised ? Math.Sqrt(spec.Rank) : spec.Rank));
}
