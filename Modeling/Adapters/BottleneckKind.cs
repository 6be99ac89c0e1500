using System.Text.Json;
using FwdLLM.Modeling.Architectures;
using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Graphs;
using FwdLLM.Modeling.Graphs.Steps;

namespace FwdLLM.Modeling.Adapters;

/// <summary>
/// Layers inserted at the end of sublayers: a(z) = Wup·φ(Wdown·z + bdown) + bup through b values. Wdown starts uniform in
/// ±1/√H (PyTorch's start of a linear layer), the rest at zero, so the first model is the unadapted one; AdapterHub starts both
/// weights at N(0, 0.02²). Saved under AdapterHub's names.
/// </summary>
internal abstract class BottleneckKind : AdapterKind
{
    public override string KeyPrefix => "";

    /// <summary>AdapterHub's name of φ.</summary>
    protected abstract string Activation { get; }

    /// <summary>What adapter_config.json says the adapter computes.</summary>
    protected abstract string Definition { get; }

    /// <summary>The insertion points it takes.</summary>
    protected abstract IEnumerable<AdapterPlace> Choose(IEnumerable<AdapterPlace> insertions);

    /// <summary>Appends φ.</summary>
    protected abstract Step Activate(int x);

    /// <summary>What joins the residual in place of the sublayer's result.</summary>
    /// <param name="program">Program to append to.</param>
    /// <param name="update">The sublayer's result f.</param>
    /// <param name="residual">The sublayer's input x.</param>
    /// <param name="norm">The norm that follows; null where none does.</param>
    /// <param name="bottleneck">Appends a(z).</param>
    protected abstract int Insert(ProgramBuilder program, int update, int residual, Func<int, int>? norm, Func<int, int> bottleneck);

    /// <summary>Turns the reduction into a width.</summary>
    public override AdapterSpec Normalize(AdapterSpec spec, ModelConfig config, IReadOnlyList<AdapterPlace> places)
    {
        if (spec.Targets.Count > 0)
            throw new ArgumentException($"Adapter target '{spec.Targets[0]}' cannot be chosen: where {Name} adapters stand is fixed. Name none.", nameof(spec));
        if (spec.Reduction < 0 || (spec.Reduction > 0 && spec.Rank > 0))
            throw new ArgumentException($"Adapter reduction {spec.Reduction} with rank {spec.Rank} cannot be had; give one of the two, 0 for the other.", nameof(spec));
        return spec.Reduction == 0 ? spec : spec with { Rank = Math.Max(1, config.HiddenSize / spec.Reduction), Reduction = 0 };
    }

    public override Adapter Create(AdapterSpec spec, IReadOnlyList<AdapterPlace> places, ITensorSource? weights)
    {
        var chosen = Choose(places.Where(place => place.Kind == PlaceKind.Insertion)).ToList();
        if (spec.Rank < 1 || spec.Rank > chosen.Min(place => place.Out))
            throw new ArgumentException($"Bottleneck width {spec.Rank} must lie between 1 and {chosen.Min(place => place.Out)}, the width of the hidden states.", nameof(spec));
        return new Bottlenecks(this, chosen, spec.Rank);
    }

    public override AdapterSpec? Read(string path, JsonElement config, Architecture architecture, IReadOnlyList<AdapterPlace> places)
    {
        var method = new MethodConfig(path, config);
        if (!method.Is(Name))
            return null;
        method.Require("non_linearity", Activation);
        return new AdapterSpec(Name, method.Whole("bottleneck") ?? throw method.Missing("bottleneck"), 0, [], method.FirstLayer);
    }

    public override void WriteConfig(Utf8JsonWriter json, SavedAdapter saved) => MethodConfig.Write(json, saved, Definition, Activation);

    private sealed class Bottlenecks : Adapter
    {
        private const int BlocksEach = 4;

        private readonly BottleneckKind _kind;
        private readonly int _width;
        private readonly List<AdapterParameter> _parameters = [];
        private readonly Dictionary<string, (int Block, int Hidden)> _insertions = new(StringComparer.Ordinal);

        public Bottlenecks(BottleneckKind kind, IReadOnlyList<AdapterPlace> places, int width)
        {
            (_kind, _width) = (kind, width);
            foreach (var place in places)
            {
                _insertions.Add(place.Module, (_parameters.Count, place.Out));
                var name = place.Module + ".adapters.default.adapter_";
                _parameters.AddRange(
                [
                    Parameter("down.0.weight", [width, place.Out], (float)(1 / Math.Sqrt(place.Out))),
                    Parameter("down.0.bias", [width], 0),
                    Parameter("up.weight", [place.Out, width], 0),
                    Parameter("up.bias", [place.Out], 0),
                ]);

                AdapterParameter Parameter(string part, int[] shape, float bound) => new(name + part, shape, bound, name + part);
            }
        }

        public override IReadOnlyList<AdapterParameter> Parameters => _parameters;

        public override int BeforeResidual(ProgramBuilder program, int update, int residual, string insertion, Func<int, int>? norm)
        {
            if (!_insertions.TryGetValue(insertion, out var place))
                return update;
            return _kind.Insert(program, update, residual, norm, Apply);

            int Apply(int z)
            {
                var inner = program.Add(_kind.Activate(program.Add(new TrainedLinearStep(z, place.Block, place.Hidden, _width))));
                return program.Add(new TrainedLinearStep(inner, place.Block + BlocksEach / 2, _width, place.Hidden));
            }
        }
    }
}
