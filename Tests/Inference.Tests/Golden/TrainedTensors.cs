using FwdLLM.Learning;
using FwdLLM.Modeling.Adapters;
using FwdLLM.Modeling.Architectures;
using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Peft;

namespace FwdLLM.Tests.Inference;

/// <summary>The trained tensors of an adapter case, sorted into θ, the head, and layers that are frozen here; with their directions.</summary>
internal sealed class TrainedTensors
{
    private readonly LinearShape? _head;
    private readonly LinearHead _frozenHead = new([], []);
    private readonly Dictionary<string, float[]> _values = [];
    private readonly Dictionary<string, float[]> _directions = [];
    private readonly Dictionary<string, double[]> _gradients = [];
    private readonly List<string> _frozen = [];

    public TrainedTensors(GoldenCase golden, Checkpoint checkpoint, AdapterSpec spec)
    {
        using var file = SafetensorsFile.Open(Path.Combine(golden.PathOf("adapter"), PeftExporter.WeightsFile));
        var names = AdapterImport.SavedNames(file, checkpoint.Config);
        foreach (var (canonical, key) in names.Where(name => golden.Trainable.Contains(name.Value)))
        {
            _values[canonical] = file.ReadFloat32(key);
            _directions[canonical] = Golden.Floats(golden.PathOf("directions.safetensors"), key);
            _gradients[canonical] = Golden.Doubles(golden.PathOf("expected.safetensors"), "grad." + key);
        }

        Assert.Equal(golden.Trainable.Count, _values.Count);
        // A causal model's output layer is not trained; it stays where it is in every direction.
        if (golden.Task == "causal")
            _frozenHead = GoldenHead.Read(golden.Task, checkpoint);
        else
            _head = KnownArchitectures.Get(checkpoint.Config.Architecture).Heads(checkpoint.Config)[0];
        var plan = AdapterPlan.Create(spec, checkpoint.Config, checkpoint.Pooling, checkpoint);
        Blocks = [.. plan.Adapter.Parameters.Zip(plan.Layout.Blocks, (parameter, block) => (names[parameter.SavedAs!], block))];
        var inTheta = plan.Adapter.Parameters.Select(parameter => parameter.SavedAs!).ToHashSet();
        _frozen.AddRange(_values.Keys.Where(name => !inTheta.Contains(name) && name != _head?.Module + ".weight" && name != _head?.Module + ".bias"));

        var count = _directions.Values.First().Length / _values.Values.First().Length;
        ThetaDirections = new float[count * plan.Layout.Dimension];
        foreach (var (parameter, block) in plan.Adapter.Parameters.Zip(plan.Layout.Blocks))
            for (var k = 0; k < count; k++)
                Direction(parameter.SavedAs!, k).CopyTo(ThetaDirections.AsSpan(k * plan.Layout.Dimension + block.Offset));
    }

    /// <summary>Blocks of θ with their tensors' names in the adapter's file.</summary>
    public IReadOnlyList<(string Key, AdapterBlock Block)> Blocks { get; }

    /// <summary>[K, d].</summary>
    public float[] ThetaDirections { get; }

    public bool HasFrozen => _frozen.Count > 0;

    /// <summary>The head, or with k at or above 0 its direction k.</summary>
    public LinearHead Head(int k) => _head is null
        ? k < 0 ? _frozenHead : new LinearHead(new double[_frozenHead.Weight.Length], new double[_frozenHead.Classes])
        : LinearHead.Read(_head, name => k < 0 ? _values[name] : Direction(name, k).ToArray());

    /// <summary>The trained tensors that are frozen here, moved along direction k.</summary>
    public IReadOnlyDictionary<string, float[]> Frozen(int k, double distance) => _frozen.ToDictionary(name => name, name => k < 0
        ? _values[name]
        : [.. _values[name].Select((value, index) => (float)(value + distance * Direction(name, k)[index]))]);

    /// <summary>What the frozen tensors add to the loss's derivative along direction k.</summary>
    public double FrozenDerivative(int k) => _frozen.Sum(name => _gradients[name].Select((value, index) => value * Direction(name, k)[index]).Sum());

    private ReadOnlySpan<float> Direction(string name, int k) => _directions[name].AsSpan(k * _values[name].Length, _values[name].Length);
}
