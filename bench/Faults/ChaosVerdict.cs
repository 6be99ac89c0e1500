using FwdLLM.Grains;
using FwdLLM.Grains.Interfaces;

namespace FwdLLM.Bench.Faults;

/// <summary>Holds a job's journal against the receipts its devices got and against the model the cluster ended with.</summary>
internal sealed class ChaosVerdict
{
    private readonly HashSet<(string Device, uint Round, uint Wave)> _entries = [];

    private ChaosVerdict()
    {
    }

    /// <summary>What is wrong; empty when nothing is.</summary>
    public List<string> Wrong { get; } = [];

    /// <summary>State at the end of the replay.</summary>
    public byte[] State { get; private set; } = [];

    /// <summary>Contributions in the journal.</summary>
    public int Recorded => _entries.Count;

    /// <summary>Receipts of contributions that were accepted, each contribution once.</summary>
    public int Acknowledged { get; private set; }

    /// <summary>Contributions receipted as late that the journal holds all the same: their version still matched.</summary>
    public int LateUsed { get; private set; }

    public static ChaosVerdict Of(JobSpec spec, ModelHeader model, IReadOnlyList<RoundRecord> journal, IEnumerable<string> receipts)
    {
        var verdict = new ChaosVerdict();
        verdict.Replay(spec, model, journal);
        verdict.Compare(receipts);
        return verdict;
    }

    private void Replay(JobSpec spec, ModelHeader model, IReadOnlyList<RoundRecord> journal)
    {
        var training = new JobTrainingFactory().Create(spec);
        var chain = JournalChain.Start;
        State = training.Initial();
        foreach (var entry in journal)
        {
            foreach (var recorded in entry.Contributions)
                if (!_entries.Add((recorded.DeviceId, entry.Order.Round, recorded.Contribution.Wave)))
                    Wrong.Add($"{recorded.DeviceId} stands twice in round {entry.Order.Round} wave {recorded.Contribution.Wave}");
            State = training.Step(State, entry.Order, [training.Reduce(State, entry.Order, entry.Contributions)]);
            chain = JournalChain.Next(chain, entry);
        }

        var replayed = training.Plan(State);
        if (replayed.AdapterSha256 != model.AdapterSha256) Wrong.Add($"the replay of {journal.Count} rounds gives adapter {replayed.AdapterSha256}, the cluster has {model.AdapterSha256}");
        if (chain != model.JournalHash) Wrong.Add($"the journal's chain is {chain}, the cluster has {model.JournalHash}");
    }

    private void Compare(IEnumerable<string> receipts)
    {
        foreach (var line in receipts.Distinct())
        {
            // A process that was killed may have left half a line; what it was told it never finished writing down.
            if (line.Split(' ') is not [var device, var round, var wave, var said]) continue;
            var recorded = _entries.Contains((device, uint.Parse(round), uint.Parse(wave)));
            if (said == nameof(Verdict.Accepted))
            {
                Acknowledged++;
                if (!recorded) Wrong.Add($"{device} was told \"accepted\" for round {round} wave {wave}, and the journal has nothing of it");
            }
            else if (said == nameof(Verdict.Late) && recorded)
            {
                LateUsed++;
            }
        }
    }
}
