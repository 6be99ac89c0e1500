using FwdLLM.Grains.Interfaces;

namespace FwdLLM.Grains;

/// <summary>At most one evaluation at a time, beside the rounds: an evaluation takes as long as it takes.</summary>
internal sealed class EvaluationDesk(IEvaluations evaluations)
{
    private long? _tried;

    /// <summary>One is on its way.</summary>
    public bool IsBusy { get; private set; }

    /// <summary>This version was the last to be evaluated, with or without success.</summary>
    public bool HasTried(long version) => _tried == version;

    /// <summary>Begins; <paramref name="ended"/> is called in the caller's context, after <paramref name="failed"/> where it failed.</summary>
    public void Begin(JobSpec spec, ModelHeader model, Action<Exception> failed, Action ended)
    {
        IsBusy = true;
        _ = Run();

        async Task Run()
        {
            await evaluations.Evaluate(spec, model).Observe(failed);
            (IsBusy, _tried) = (false, model.Version);
            ended();
        }
    }
}
