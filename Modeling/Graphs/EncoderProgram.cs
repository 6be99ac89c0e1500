using FwdLLM.Modeling.Onnx;

namespace FwdLLM.Modeling.Graphs;

/// <summary>
/// A straight-line program over rows: step i writes value i+1, value 0 is the program's input.
/// The three emitters walk this one description.
/// </summary>
internal sealed class EncoderProgram
{
    private readonly List<Step> _steps = [];

    public IReadOnlyList<Step> Steps => _steps;

    /// <summary>Index of the last value, the program's result.</summary>
    public int Result => _steps.Count;

    /// <summary>Appends a step and returns the index of its value.</summary>
    public int Add(Step step)
    {
        _steps.Add(step);
        return _steps.Count;
    }

    /// <summary>Which values depend on θ: those of adapted steps and of everything after them.</summary>
    public bool[] Active()
    {
        var active = new bool[_steps.Count + 1];
        for (var index = 0; index < _steps.Count; index++)
            active[index + 1] = _steps[index].HasAdapter || _steps[index].Inputs.Any(input => active[input]);
        return active;
    }

    /// <summary>Emits the values only.</summary>
    public string Forward(GraphScope scope, string input)
    {
        var values = new List<string> { input };
        foreach (var step in _steps)
            values.Add(step.Forward(scope, [.. step.Inputs.Select(index => values[index])]));
        return values[Result];
    }

    /// <summary>Emits values and tangents together; what does not depend on θ gets no tangent.</summary>
    public Dual Jvp(GraphScope scope, string input)
    {
        var values = new List<Dual> { new(input, null) };
        foreach (var step in _steps)
            values.Add(step.Jvp(scope, [.. step.Inputs.Select(index => values[index])]));
        return values[Result];
    }

    /// <summary>Emits the values, then the pullbacks in reverse; gradients of θ arrive in the scope.</summary>
    public string Vjp(GraphScope scope, string input, string cotangent)
    {
        var active = Active();
        var values = new List<string> { input };
        var pullbacks = new List<Pullback>();
        foreach (var step in _steps)
        {
            var (value, pullback) = step.Vjp(scope, [.. step.Inputs.Select(index => values[index])], [.. step.Inputs.Select(index => active[index])]);
            values.Add(value);
            pullbacks.Add(pullback);
        }

        var cotangents = new string?[values.Count];
        cotangents[Result] = cotangent;
        for (var index = _steps.Count - 1; index >= 0; index--)
        {
            if (!active[index + 1] || cotangents[index + 1] is not { } arrived)
                continue;
            var shares = pullbacks[index](arrived);
            for (var position = 0; position < shares.Length; position++)
                cotangents[_steps[index].Inputs[position]] = scope.Builder.AddOptional(cotangents[_steps[index].Inputs[position]], shares[position]);
        }

        return values[Result];
    }
}
