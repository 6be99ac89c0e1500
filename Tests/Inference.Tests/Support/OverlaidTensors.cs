using FwdLLM.Modeling.Checkpoints;

namespace FwdLLM.Tests.Inference;

/// <summary>A checkpoint some of whose tensors hold other values.</summary>
internal sealed class OverlaidTensors(ITensorSource below, IReadOnlyDictionary<string, float[]> values) : ITensorSource
{
    public bool Contains(string name) => below.Contains(name);

    public IReadOnlyList<int> Shape(string name) => below.Shape(name);

    public float[] ReadFloat32(string name) => values.TryGetValue(name, out var own) ? own : below.ReadFloat32(name);
}
