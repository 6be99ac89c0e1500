using FwdLLM.Grains.Interfaces;
using FwdLLM.Learning.Training;

namespace FwdLLM.Grains;

/// <summary>
/// Takes one journal entry from one version to the next, part by part: the commit and the replay are this one computation.
/// CPU work for outside a grain's turn; not thread-safe.
/// </summary>
/// <param name="spec">The job.</param>
/// <param name="training">Its algorithm.</param>
/// <param name="state">The version before.</param>
/// <param name="previous">The chain before (hex).</param>
/// <param name="entry">The entry.</param>
/// <param name="audit">Also hold every contribution to what its device's grain held it to.</param>
internal sealed class JournalStep(JobSpec spec, ITraining training, byte[] state, string previous, JournalEntry entry, bool audit) : IDisposable
{
    private readonly JournalLink _link = new(previous, entry.Order, entry.Count);
    private readonly HashSet<(uint Wave, string Device)> _devices = [];
    private RecordedContribution? _last;
    private byte[]? _sums;
    private int _count;

    /// <summary>Adds the next part.</summary>
    /// <exception cref="InvalidDataException">Damaged, or not what the journal may hold; names the round and the device.</exception>
    public void Add(byte[] part)
    {
        var works = JournalPart.Read(entry.Order, part);
        foreach (var work in works) Check(work);
        _link.Add(works);
        _count += works.Count;
        var sums = training.Reduce(state, entry.Order, works);
        _sums = _sums is null ? sums : training.Merge([_sums, sums]);
    }

    /// <summary>The next version, what it says of itself, and what the entry did.</summary>
    /// <exception cref="InvalidDataException">Contributions are missing.</exception>
    public (byte[] State, TrainingOverview Overview, JournalEffect Effect) Finish()
    {
        if (_count != entry.Count || _sums is null) throw new InvalidDataException($"{Name} has {_count} of {entry.Count} contributions; some are missing or were appended.");
        var next = training.Step(state, entry.Order, [_sums]);
        var overview = training.Plan(next);
        return (next, overview, new JournalEffect(previous, _link.Hash(), overview.AdapterSha256));
    }

    public void Dispose() => _link.Dispose();

    private string Name => JournalEntry.Name(entry.Order.Round);

    private void Check(RecordedContribution work)
    {
        var assignment = work.Assignment;
        var place = $"{Name}: device '{work.DeviceId}' (wave {assignment.Wave}, slot {assignment.Slot})";
        var order = _last is { } last ? (assignment.Wave, assignment.Slot).CompareTo((last.Assignment.Wave, last.Assignment.Slot)) : 1;
        if (order == 0) throw new InvalidDataException($"{place} stands there twice, the other time as '{_last!.DeviceId}': it was duplicated or appended.");
        if (order < 0) throw new InvalidDataException($"{place} stands behind wave {_last!.Assignment.Wave}, slot {_last.Assignment.Slot}: the contributions were reordered.");
        _last = work;
        if (!audit) return;
        if (!_devices.Add((assignment.Wave, work.DeviceId))) throw new InvalidDataException($"{place} stands in this wave twice: it was duplicated or appended.");
        if (assignment.JobId != spec.Id || assignment.Round != entry.Order.Round || assignment.ModelVersion != entry.Order.ModelVersion)
            throw new InvalidDataException($"{place} worked for job '{assignment.JobId}', round {assignment.Round}, version {assignment.ModelVersion}: it does not belong here.");
        if (assignment.Kind != entry.Order.Kind && (assignment.Kind, entry.Order.Kind) != ((byte)WorkKind.ExactGradient, (byte)WorkKind.Probes))
            throw new InvalidDataException($"{place} was given work of kind {assignment.Kind} in a round of kind {entry.Order.Kind}; the entry was changed.");
        if (training.Refuse(assignment, work.Contribution) is { } reason)
            throw new InvalidDataException($"{place} could not have been accepted: {reason} The entry was changed.");
    }
}
