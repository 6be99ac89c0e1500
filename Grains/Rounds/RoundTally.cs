using FwdLLM.Grains.Interfaces;

namespace FwdLLM.Grains;

/// <summary>The contributions of one round, by wave and slot, and what they add up to for people.</summary>
internal sealed class RoundTally
{
    private readonly SortedDictionary<(uint Wave, uint Slot), RecordedContribution> _all = [];
    private readonly HashSet<(uint Wave, uint Slot)> _seen = [];
    private readonly HashSet<(uint Wave, uint Slot)> _reduced = [];
    private readonly Dictionary<uint, int> _inWave = [];
    private bool _closed;

    public int Count => _all.Count;

    /// <summary>In the order of the journal: wave, then slot.</summary>
    public IReadOnlyList<RecordedContribution> All => [.. _all.Values];

    public long Probes => _all.Values.Sum(c => (long)c.Assignment.ProbeCount);

    public double MeanLoss
    {
        get
        {
            var examples = _all.Values.Sum(c => (long)c.Contribution.Examples);
            return examples == 0 ? double.NaN : _all.Values.Sum(c => (double)c.Contribution.LossSum) / examples;
        }
    }

    /// <summary>False when it is there already.</summary>
    public bool Add(RecordedContribution contribution)
    {
        var key = (contribution.Assignment.Wave, contribution.Assignment.Slot);
        if (!_seen.Add(key)) return false;
        _inWave[key.Wave] = InWave(key.Wave) + 1;
        if (!_closed) _all.Add(key, contribution);
        return true;
    }

    public bool Has(uint wave, uint slot) => _seen.Contains((wave, slot));

    public int InWave(uint wave) => _inWave.GetValueOrDefault(wave);

    /// <summary>Those not yet <see cref="MarkReduced"/>, in groups.</summary>
    public IReadOnlyList<RecordedContribution[]> NotReduced(int group) =>
        [.. _all.Where(c => !_reduced.Contains(c.Key)).Select(c => c.Value).Chunk(group)];

    /// <summary>Their sums are kept; they need not be summed again.</summary>
    public void MarkReduced(RecordedContribution[] group) =>
        _reduced.UnionWith(group.Select(c => (c.Assignment.Wave, c.Assignment.Slot)));

    /// <summary>The journal has them now: what is left is who has answered, to know what comes again.</summary>
    public void Close()
    {
        _closed = true;
        _all.Clear();
        _reduced.Clear();
    }
}
