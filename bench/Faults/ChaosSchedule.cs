using System.Diagnostics;
using FwdLLM.Tests.Cluster;

namespace FwdLLM.Bench.Faults;

/// <summary>
/// Every few seconds one fault, drawn from the seed: a silo is killed, hung (and woken or killed later), or asked to end; an agent is
/// killed and started again. Two of ten agents leave for good in the first half; one is away for half the time.
/// </summary>
internal sealed class ChaosSchedule(Random random, SupervisedSilos silos, TimeSpan length)
{
    private readonly HashSet<int> _left = [];
    private readonly SortedDictionary<string, int> _counts = [];

    /// <summary>The agent of this number does not come back.</summary>
    public bool HasLeft(int agent) => _left.Contains(agent);

    public string Report() => string.Join(", ", _counts.Select(pair => $"{pair.Value} × {pair.Key}"));

    /// <summary>Goes on until the time is over or <paramref name="ended"/>; what is hung or away then comes back.</summary>
    public async Task RunAsync(ProgramProcess[] agents, Func<int, ProgramProcess> startAgent, Func<Task<bool>> ended, CancellationToken cancellation)
    {
        var started = Stopwatch.GetTimestamp();
        var leaving = new Queue<(double At, int Agent)>([(0.1, 7), (0.3, 8)]);
        var absence = new Queue<(double At, bool Comes)>([(0.15, false), (0.65, true)]);
        while (Part() < 1 && !await ended())
        {
            if (leaving.TryPeek(out var next) && Part() > next.At)
            {
                leaving.Dequeue();
                _left.Add(next.Agent);
                await KillAsync(agents[next.Agent], "agent gone for good");
            }

            if (absence.TryPeek(out var turn) && Part() > turn.At)
            {
                absence.Dequeue();
                if (turn.Comes) agents[9] = startAgent(9);
                else await KillAsync(agents[9], "agent away for long");
            }

            await OneFaultAsync(agents, startAgent, cancellation);
            await PauseAsync(2, 5, cancellation);
        }

        if (absence.Count == 1) agents[9] = startAgent(9);

        double Part() => Stopwatch.GetElapsedTime(started) / length;
    }

    private async Task OneFaultAsync(ProgramProcess[] agents, Func<int, ProgramProcess> startAgent, CancellationToken cancellation)
    {
        var draw = random.Next(10);
        var silo = silos.Any(random);
        if (draw < 4)
        {
            await KillAsync(silo, "silo killed");
        }
        else if (draw < 7)
        {
            var wakes = random.Next(2) == 0;
            if (silo.HasEnded) return;
            silo.Suspend();
            Count(wakes ? "silo hung and woken" : "silo hung and killed");
            await PauseAsync(1, 12, cancellation);
            if (wakes) silo.Resume();
            else await silo.KillAsync();
        }
        else if (draw < 8)
        {
            if (silo.HasEnded) return;
            Count("silo stopped cleanly");
            await silo.InterruptAsync();
        }
        else
        {
            var agent = random.Next(7); // The others have a part of their own.
            await KillAsync(agents[agent], "agent killed and started again");
            await PauseAsync(0, 5, cancellation);
            agents[agent] = startAgent(agent);
        }
    }

    private async Task KillAsync(ProgramProcess process, string what)
    {
        if (process.HasEnded) return;
        Count(what);
        await process.KillAsync();
    }

    private void Count(string what) => _counts[what] = _counts.GetValueOrDefault(what) + 1;

    private Task PauseAsync(double least, double most, CancellationToken cancellation) =>
        Task.Delay(TimeSpan.FromSeconds(least + ((most - least) * random.NextDouble())), cancellation);
}
