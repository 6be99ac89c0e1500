using FwdLLM.Learning;
using FwdLLM.Modeling.Architectures;
using FwdLLM.Modeling.Onnx;

namespace FwdLLM.Modeling.Adapters;

/// <summary>Low-rank additions to linear layers, one per layer: LoRA and its relatives.</summary>
internal sealed class AdditiveAdapter : Adapter
{
    private readonly List<LinearAddition> _additions = [];
    private readonly List<AdapterParameter> _parameters = [];
    private readonly Dictionary<string, LinearAddition> _byModule = new(StringComparer.Ordinal);

    /// <param name="spec">Targets and rank.</param>
    /// <param name="places">Places to choose the targets from.</param>
    /// <param name="create">Makes a place's addition; the number is the index of its first block of θ.</param>
    public AdditiveAdapter(AdapterSpec spec, IReadOnlyList<AdapterPlace> places, Func<AdapterPlace, int, LinearAddition> create)
    {
        var chosen = places.Where(place => place.Kind == PlaceKind.Linear && place.Target is { } target && spec.Targets.Contains(target)).ToList();
        var smallest = chosen.Min(place => Math.Min(place.In, place.Out));
        if (spec.Rank < 1 || spec.Rank > smallest)
            throw new ArgumentException($"Adapter rank {spec.Rank} must lie between 1 and {smallest}, the smallest side of an adapted weight.", nameof(spec));
        foreach (var place in chosen)
        {
            var addition = create(place, _parameters.Count);
            _additions.Add(addition);
            _byModule.Add(place.Module, addition);
            _parameters.AddRange(addition.Parameters);
        }
    }

    public override IReadOnlyList<AdapterParameter> Parameters => _parameters;

    public override LinearAddition? AdditionTo(string module) => _byModule.GetValueOrDefault(module);

    public override void WriteFrozen(WeightFile graphWeights, WeightFile exportFactors)
    {
        foreach (var addition in _additions)
            addition.WriteFrozen(graphWeights, exportFactors);
    }

    public override IReadOnlyList<LoraModule> ToLora(ReadOnlySpan<float> theta, AdapterLayout layout, Func<string, float[]> frozen)
    {
        var modules = new List<LoraModule>();
        foreach (var addition in _additions)
            modules.Add(addition.ToLora(theta, layout, frozen));
        return modules;
    }
}
