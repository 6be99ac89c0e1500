using System.Diagnostics;
using FwdLLM.Grains.Interfaces;
using FwdLLM.Learning.Training;

namespace FwdLLM.Cli.Running;

/// <summary>How long a run still takes, from the passes it may spend and the speed of its probe rounds so far.</summary>
internal sealed class RunPace(AlgorithmOptions algorithm, Stopwatch watch)
{
    private (double Passes, double Rounds, TimeSpan At)? _start;

    /// <summary>Adds the limit and the time left to a progress snapshot.</summary>
    public RunProgress Complete(RunProgress progress, JobStatus status)
    {
        progress = progress with { MaxPasses = algorithm.MaxPasses };
        if (status.Model is not { Next.Kind: (byte)WorkKind.Probes } model) return progress;
        var rounds = Math.Max(0, algorithm.MaxRounds - status.RoundsLeft);
        _start ??= (model.ForwardPasses, rounds, watch.Elapsed);
        var fraction = Math.Max(
            Fraction(model.ForwardPasses - _start.Value.Passes, algorithm.MaxPasses - _start.Value.Passes),
            Fraction(rounds - _start.Value.Rounds, algorithm.MaxRounds - _start.Value.Rounds));
        return fraction <= 0 ? progress : progress with { TimeLeft = (watch.Elapsed - _start.Value.At) * ((1 - fraction) / fraction) };
    }

    private static double Fraction(double done, double all) => all > 0 ? Math.Clamp(done / all, 0, 1) : 0;
}
