using System.Text.Json;
using FwdLLM.Modeling.Architectures;
using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Graphs;
using FwdLLM.Modeling.Graphs.Steps;
using FwdLLM.Modeling.Peft;

namespace FwdLLM.Modeling.Adapters;

/// <summary>
/// (IA)³ (arXiv 2205.05638): a linear layer's output, bias included, times l [out]; of a feed-forward target its input times
/// l [in]. θ is l − 1.
/// </summary>
internal sealed class Ia3Kind : AdapterKind
{
    private const string Suffix = ".ia3_l";

    public override string Name => AdapterKinds.Ia3;

    public override AdapterSpec Normalize(AdapterSpec spec, ModelConfig config, IReadOnlyList<AdapterPlace> places)
    {
        spec = base.Normalize(spec, config, places);
        if (spec.FeedForward?.FirstOrDefault(target => !spec.Targets.Contains(target)) is { } stray)
            throw new ArgumentException($"Feed-forward target '{stray}' is not among the adapter's targets {string.Join(", ", spec.Targets)}; add it there.", nameof(spec));
        return spec with { FeedForward = spec.FeedForward is { Count: > 0 } chosen ? [.. spec.Targets.Where(chosen.Contains)] : null };
    }

    public override Adapter Create(AdapterSpec spec, IReadOnlyList<AdapterPlace> places, ITensorSource? weights) =>
        new Scaling([.. places.Where(place => place.Kind == PlaceKind.Linear && place.Target is { } target && spec.Targets.Contains(target))], spec.FeedForward ?? []);

    /// <summary>PEFT's (IA)³; the adapted layers must be the same in every block from the lowest up.</summary>
    public override AdapterSpec? Read(string path, JsonElement config, Architecture architecture, IReadOnlyList<AdapterPlace> places)
    {
        if (!PeftConfig.IsType(config, Ia3Config.Type))
            return null;
        var peft = new Ia3Config(path, config);
        var (chosen, targets, firstLayer) = peft.Adapted(architecture, places);
        var feedForward = chosen.Where(place => peft.IsFeedForward(architecture, place.Module)).ToList();
        var names = feedForward.Select(place => place.Target!).Distinct().ToList();
        if (chosen.Count(place => names.Contains(place.Target!)) != feedForward.Count)
            throw new CheckpointException($"{path}: feedforward_modules names a layer in some blocks only; one (IA)³ for all blocks is trained.");
        return new AdapterSpec(Name, 0, 0, targets, firstLayer) { FeedForward = names.Count > 0 ? names : null };
    }

    public override void WriteConfig(Utf8JsonWriter json, SavedAdapter saved)
    {
        json.WriteNull("auto_mapping");
        json.WriteString("base_model_name_or_path", saved.BaseModel);
        json.WriteNull("exclude_modules");
        json.WriteBoolean("fan_in_fan_out", false);
        // A row vector scales the input, a column the output. PEFT needs the list, even an empty one.
        json.WriteStartArray("feedforward_modules");
        foreach (var module in (saved with { Parameters = [.. saved.Parameters.Where(parameter => parameter.Shape[0] == 1)] }).Modules(Suffix))
            json.WriteStringValue(module);
        json.WriteEndArray();
        json.WriteBoolean("inference_mode", true);
        json.WriteBoolean("init_ia3_weights", true);
        PeftJson.WriteHeads(json, saved.Heads);
        json.WriteString("peft_type", Ia3Config.Type);
        json.WriteNull("revision");
        PeftJson.WriteNames(json, "target_modules", saved.Modules(Suffix));
        json.WriteString("task_type", PeftJson.TaskName(saved.Task));
    }

    private sealed class Scaling : Adapter
    {
        private readonly List<AdapterParameter> _parameters = [];
        private readonly Dictionary<string, (int Block, int Width)> _inputs = new(StringComparer.Ordinal);
        private readonly Dictionary<string, (int Block, int Width)> _outputs = new(StringComparer.Ordinal);

        public Scaling(IReadOnlyList<AdapterPlace> places, IReadOnlyList<string> feedForward)
        {
            foreach (var place in places)
            {
                var atInput = feedForward.Contains(place.Target!);
                var width = atInput ? place.In : place.Out;
                (atInput ? _inputs : _outputs).Add(place.Module, (_parameters.Count, width));
                _parameters.Add(new AdapterParameter(place.Module + Suffix, atInput ? [1, width] : [width, 1], 0, place.Module + Suffix, () => [.. Enumerable.Repeat(1f, width)]));
            }
        }

        public override IReadOnlyList<AdapterParameter> Parameters => _parameters;

        public override int BeforeLinear(ProgramBuilder program, int x, string module) => Scale(program, x, _inputs, module);

        public override int AfterLinear(ProgramBuilder program, int y, string module) => Scale(program, y, _outputs, module);

        private static int Scale(ProgramBuilder program, int x, Dictionary<string, (int Block, int Width)> scaled, string module) =>
            scaled.TryGetValue(module, out var scale) ? program.Add(new ScaleStep(x, scale.Block, scale.Width)) : x;
    }
}
