using FwdLLM.Inference;
using FwdLLM.Modeling.Compilation;

namespace FwdLLM.Tests.Inference;

/// <summary>
/// A compiled model's graphs on a batch padded as the reference padded it, with the rows of padding among the features: the runtime leaves
/// them out, and some of the reference's losses count them.
/// </summary>
internal sealed class PaddedRun : IDisposable
{
    private readonly ModelSessions _sessions;
    private readonly int _dimension, _width, _rows, _length;
    private readonly float[] _hidden, _mask;

    public PaddedRun(CompiledModel model, int[][] ids, int[][] types, int[][] mask)
    {
        _sessions = new ModelSessions(model, new RuntimeOptions { AllowVjp = true });
        (_dimension, _width, _rows, _length) = (model.Layout.Dimension, model.Manifest.RowSize, ids.Length, ids[0].Length);
        _mask = [.. mask.SelectMany(row => row).Select(value => (float)value)];
        // The prefix takes one text at a time.
        using var run = new GraphRun(_sessions["prefix"], "prefix");
        _hidden = new float[_rows * _length * _width];
        for (var row = 0; row < _rows; row++)
        {
            run.Input("input_ids", ids[row], 1, _length);
            run.Input("token_type_ids", types[row], 1, _length);
            run.Execute("hidden");
            run.Output(0).CopyTo(_hidden.AsSpan(row * _length * _width));
        }
    }

    /// <summary>[n·S, H].</summary>
    public float[] Features(float[] theta)
    {
        using var run = Prepare("forward", theta);
        run.Execute("features");
        return run.Output(0).ToArray();
    }

    /// <summary>[n·S, H], and [K, n·S, H].</summary>
    public FeatureTangents Jvp(float[] theta, float[] directions)
    {
        using var run = Prepare("jvp", theta);
        run.Input("directions", directions, directions.Length / _dimension, _dimension);
        run.Execute("features", "tangents");
        return new FeatureTangents(run.Output(0).ToArray(), run.Output(1).ToArray());
    }

    /// <summary>[d], from cotangents [n·S, H].</summary>
    public float[] Vjp(float[] theta, float[] cotangents)
    {
        using var run = Prepare("vjp", theta);
        run.Input("cotangents", cotangents, _rows * _length, cotangents.Length / (_rows * _length));
        run.Execute("gradient");
        return run.Output(0).ToArray();
    }

    public void Dispose() => _sessions.Dispose();

    private GraphRun Prepare(string graph, float[] theta)
    {
        var run = new GraphRun(_sessions[graph], graph);
        run.Input("hidden", _hidden, _rows, _length, _width);
        run.Input("attention_mask", _mask, _rows, _length);
        run.Input("theta", theta, _dimension);
        return run;
    }
}
