using FwdLLM.Grains.Interfaces;

namespace FwdLLM.Grains;

/// <summary>
/// Rebuilds a job's model from its journal and holds every step against what the journal says: the order against the recipe's
/// plan, every contribution against what its device's grain holds it to, every link of the chain, every version's hash. It needs
/// the job's spec and the journal, and neither the model's weights nor anybody's data.
/// </summary>
/// <param name="trainings">The algorithm.</param>
public sealed class JournalReplay(ITrainingFactory trainings)
{
    /// <summary>Replays all of it.</summary>
    /// <param name="source">The journal.</param>
    /// <param name="replayed">Told the version after every round.</param>
    /// <param name="cancellation">Stops between two parts.</param>
    /// <exception cref="InvalidDataException">Something was changed, is missing, or was reordered, duplicated or appended: names the round, and the device where it can.</exception>
    /// <exception cref="JobInvalidException">The spec is none that a cluster takes.</exception>
    public async Task<ReplayResult> RunAsync(IJournalSource source, Action<long> replayed, CancellationToken cancellation)
    {
        var head = source.Head;
        JobSpecValidator.ThrowIfInvalid(head.Spec);
        var training = trainings.Create(head.Spec);
        if (head.First < 0 || head.First > head.Version) throw new InvalidDataException($"The journal starts at version {head.First} and ends at {head.Version}; it was changed.");
        var state = head.First == 0 ? await Task.Run(training.Initial, cancellation) : await source.ReadCheckpointAsync(cancellation);
        var overview = await Task.Run(() => training.Plan(state), cancellation);
        if (overview.Version != head.First) throw new InvalidDataException($"The checkpoint of version {head.First} holds version {overview.Version}; it was changed.");
        var (chain, contributions, bytes, linked) = (head.First == 0 ? JournalChain.Start : head.FirstHash, 0L, 0L, true);
        while (overview.Version < head.Version)
        {
            var (entry, size) = await ReadAsync(source, overview, chain, cancellation);
            using var step = new JournalStep(head.Spec, training, state, chain, entry, audit: true);
            if (entry.Parts.Count == 0) await Task.Run(() => step.Add(entry.Contributions), cancellation);
            for (var i = 0; i < entry.Parts.Count; i++)
            {
                var part = await ReadPartAsync(source, entry, i, cancellation);
                size += part.Length;
                await Task.Run(() => step.Add(part), cancellation);
            }

            (state, overview, var effect) = await Task.Run(step.Finish, cancellation);
            Compare(entry, effect);
            (chain, contributions, bytes, linked) = (effect.Hash, contributions + entry.Count, bytes + size, linked && entry.Effect is not null);
            replayed(overview.Version);
        }

        if (await source.ReadAsync((uint)head.Version, 0, cancellation) is not null)
            throw new InvalidDataException($"The journal has an entry of round {head.Version}, but the model is at version {head.Version}: it was appended.");
        if (chain != head.JournalHash)
        {
            throw new InvalidDataException(linked
                ? $"The last link is broken: the entries agree with one another up to round {head.Version - 1} and come to chain {chain}, the model's record says {head.JournalHash}. Entries at the end are missing or were exchanged, or the record was changed."
                : $"The chain is broken between rounds {head.First} and {head.Version - 1}: it comes to {chain}, the model's record says {head.JournalHash}. Entries of the first format do not say at which round.");
        }

        if (overview.AdapterSha256 != head.AdapterSha256)
            throw new InvalidDataException($"Version {head.Version} has adapter {overview.AdapterSha256} when it is rebuilt, and {head.AdapterSha256} in the model's record: the record or the job's spec was changed.");
        return new ReplayResult(head.First, overview.Version, contributions, overview.AdapterSha256, chain, bytes);
    }

    private static async Task<(JournalEntry Entry, long Bytes)> ReadAsync(IJournalSource source, TrainingOverview overview, string chain, CancellationToken cancellation)
    {
        var round = overview.Version;
        var bytes = await source.ReadAsync((uint)round, 0, cancellation) ?? throw new InvalidDataException($"{JournalEntry.Name(round)} is missing.");
        var entry = JournalEntry.FromBytes(round, bytes);
        if (entry.Order.Round != round) throw new InvalidDataException($"In the place of {JournalEntry.Name(round).ToLowerInvariant()} stands that of round {entry.Order.Round}: entries are missing, or were reordered or duplicated.");
        if (entry.Effect is { } effect && effect.Previous != chain)
            throw new InvalidDataException($"The link from round {round - 1} to round {round} is broken: the chain before it is {chain}, the entry follows {effect.Previous}. An entry was exchanged.");
        if (overview.Next is not { } next) throw new InvalidDataException($"{JournalEntry.Name(round)} was appended: the recipe ends at version {round}.");
        if (entry.Order != next) throw new InvalidDataException($"{JournalEntry.Name(round)} answers {Describe(entry.Order)}, where the recipe asks {Describe(next)}: the entry or the job's spec was changed.");
        return (entry, bytes.Length);
    }

    private static async Task<byte[]> ReadPartAsync(IJournalSource source, JournalEntry entry, int index, CancellationToken cancellation)
    {
        var name = $"{JournalEntry.Name(entry.Order.Round)}: part {index + 1} of {entry.Parts.Count}";
        var part = await source.ReadAsync(entry.Order.Round, index + 1, cancellation) ?? throw new InvalidDataException($"{name} is missing.");
        if (JournalParts.Hash(part) == entry.Parts[index]) return part;
        _ = JournalPart.Read(entry.Order, part); // Its own error names the device.
        throw new InvalidDataException($"{name} was changed: it has SHA-256 {JournalParts.Hash(part)}, the entry names {entry.Parts[index]}.");
    }

    private static void Compare(JournalEntry entry, JournalEffect effect)
    {
        if (entry.Effect is not { } said) return;
        if (said.Hash != effect.Hash)
            throw new InvalidDataException($"{JournalEntry.Name(entry.Order.Round)} was changed: its content gives the link {effect.Hash}, it says {said.Hash}.");
        if (said.AdapterSha256 != effect.AdapterSha256)
            throw new InvalidDataException($"{JournalEntry.Name(entry.Order.Round)} gives adapter {effect.AdapterSha256} on this machine, and gave {said.AdapterSha256} on the cluster: the entry's work kinds or the job's spec were changed, or the two builds compute differently.");
    }

    private static string Describe(RoundOrder order) =>
        $"'{order.Phase}' (kind {order.Kind}, version {order.ModelVersion}, {order.CohortSize} devices, batch {order.BatchSize}, {order.ProbesPerDevice} probes, {order.MaxWaves} waves)";
}
