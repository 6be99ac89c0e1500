using Microsoft.ML.OnnxRuntime;

namespace FwdLLM.Inference;

/// <summary>One use of a session: named inputs, then any number of executions. Not shared between threads; the session may be.</summary>
internal sealed class GraphRun(InferenceSession session, string graph) : IDisposable
{
    private static readonly RunOptions Options = new();

    private readonly Dictionary<string, OrtValue> _inputs = new(StringComparer.Ordinal);
    private IDisposableReadOnlyCollection<OrtValue>? _outputs;

    /// <summary>Sets an input, replacing one of the same name. The values are copied.</summary>
    public void Input(string name, ReadOnlySpan<float> values, params long[] shape) => Set(name, OrtValue.CreateTensorValueFromMemory(values.ToArray(), shape));

    /// <summary>Sets an integer input.</summary>
    public void Input(string name, int[] values, params long[] shape) => Set(name, OrtValue.CreateTensorValueFromMemory(Array.ConvertAll(values, value => (long)value), shape));

    /// <summary>Runs the graph; the results stay readable until the next execution.</summary>
    public void Execute(params string[] outputs)
    {
        _outputs?.Dispose();
        _outputs = null;
        try
        {
            _outputs = session.Run(Options, _inputs.Keys, _inputs.Values, outputs);
        }
        catch (OnnxRuntimeException error)
        {
            throw new InferenceException($"The {graph} graph failed: {error.Message} Verify the model's hashes or compile it again.", error);
        }
    }

    /// <summary>Values of an output in the order asked for.</summary>
    public ReadOnlySpan<float> Output(int index) => (_outputs ?? throw new InvalidOperationException("The graph has not run yet."))[index].GetTensorDataAsSpan<float>();

    public void Dispose()
    {
        _outputs?.Dispose();
        foreach (var input in _inputs.Values)
            input.Dispose();
    }

    private void Set(string name, OrtValue value)
    {
        if (_inputs.Remove(name, out var previous))
            previous.Dispose();
        _inputs.Add(name, value);
    }
}
