using System.Text.Json;
using FwdLLM.Modeling.Architectures;
using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Graphs;
using FwdLLM.Modeling.Graphs.Steps;

namespace FwdLLM.Modeling.Adapters;

/// <summary>
/// BitFit (arXiv 2106.10199): biases of linear layers and norms. θ is the change of the bias; saved is the bias itself, under
/// its name in the model, since PEFT has no such kind.
/// </summary>
internal sealed class BitFitKind : AdapterKind
{
    /// <summary>Target: the norms, the embeddings' too.</summary>
    public const string Norm = "norm";

    /// <summary>Target: linear layers outside the blocks, such as what the classifier reads, where the model is compiled with them.</summary>
    public const string Other = "other";

    private const string Suffix = ".bias";

    public override string Name => AdapterKinds.BitFit;

    public override string KeyPrefix => "";

    public override AdapterSpec Normalize(AdapterSpec spec, ModelConfig config, IReadOnlyList<AdapterPlace> places)
    {
        var known = places.Where(place => place.HasBias).Select(Target).OfType<string>().Distinct().ToList();
        if (known.Count == 0)
            throw new ArgumentException($"{config.Architecture} has no biases; train another kind of adapter.", nameof(spec));
        if (spec.Targets.SequenceEqual(AdapterSpec.AllBiases))
            return spec with { Targets = known };
        if (spec.Targets.SequenceEqual(AdapterSpec.AllLinear))
            return spec with { Targets = [.. known.Where(target => target is not (Norm or Other))] };
        return spec with { Targets = Ordered(spec.Targets, known, config, AdapterSpec.AllBiases[0]) };
    }

    public override Adapter Create(AdapterSpec spec, IReadOnlyList<AdapterPlace> places, ITensorSource? weights)
    {
        var chosen = places.Where(place => place.HasBias && Target(place) is { } target && spec.Targets.Contains(target)).ToList();
        return chosen.Count > 0
            ? new Biases(chosen, weights)
            : throw new ArgumentException($"None of the targets {string.Join(", ", spec.Targets)} has a bias in this model as it is pooled; name another.", nameof(spec));
    }

    public override AdapterSpec? Read(string path, JsonElement config, Architecture architecture, IReadOnlyList<AdapterPlace> places)
    {
        var method = new MethodConfig(path, config);
        return method.Is(Name) ? new AdapterSpec(Name, 0, 0, method.Targets ?? AdapterSpec.AllBiases, method.FirstLayer) : null;
    }

    public override void WriteConfig(Utf8JsonWriter json, SavedAdapter saved) => MethodConfig.Write(
        json, saved, "biases of the linear layers and norms named in targets, whole, in every block from first_layer up (norm: every norm, the embeddings' too; other: linear layers outside the blocks), and the layers in modules_to_save");

    private static string? Target(AdapterPlace place) => place switch
    {
        { Kind: PlaceKind.Norm } => Norm,
        { Kind: PlaceKind.Linear } => place.Target ?? Other,
        _ => null,
    };

    private sealed class Biases : Adapter
    {
        private readonly List<AdapterParameter> _parameters = [];
        private readonly Dictionary<string, int> _blocks = new(StringComparer.Ordinal);

        public Biases(IReadOnlyList<AdapterPlace> places, ITensorSource? weights)
        {
            foreach (var place in places)
            {
                var name = place.Module + Suffix;
                _blocks.Add(place.Module, _parameters.Count);
                _parameters.Add(new AdapterParameter(name, [place.Out], 0, name, () => (weights ?? throw new InvalidOperationException($"The base model's '{name}' is not at hand.")).ReadFloat32(name)));
            }
        }

        public override IReadOnlyList<AdapterParameter> Parameters => _parameters;

        public override int AfterLinear(ProgramBuilder program, int y, string module) => Offset(program, y, module);

        public override int AfterNorm(ProgramBuilder program, int y, string module) => Offset(program, y, module);

        private int Offset(ProgramBuilder program, int y, string module) =>
            _blocks.TryGetValue(module, out var block) ? program.Add(new OffsetStep(y, block, _parameters[block].Length)) : y;
    }
}
