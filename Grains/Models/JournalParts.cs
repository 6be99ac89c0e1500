using System.Security.Cryptography;
using FwdLLM.Grains.Interfaces;

namespace FwdLLM.Grains;

/// <summary>Cuts rounds into pieces that fit into messages and records.</summary>
public static class JournalParts
{
    /// <summary>Most bytes of a part that holds more than one contribution: with it a message stays under a megabyte.</summary>
    public const int MostBytes = 512 * 1024;

    /// <summary>Upper bound of what a contribution takes besides its name, scalars and vector.</summary>
    private const int MostOverhead = 128;

    /// <summary>Parts written at a time.</summary>
    private const int Parallelism = 4;

    /// <summary>Lower-case hex of SHA-256.</summary>
    public static string Hash(byte[] part) => Convert.ToHexStringLower(SHA256.HashData(part));

    /// <summary>Key of a part's grain.</summary>
    public static string Key(string job, uint round, string hash) => $"{job}/{round}/{hash}";

    /// <summary>The round in one piece, whatever its size.</summary>
    public static JournalEntry Inline(RoundRecord record) => new()
    {
        Order = record.Order,
        GateReadings = record.GateReadings,
        Count = record.Contributions.Count,
        Contributions = JournalPart.Write(record.Order, record.Contributions),
    };

    /// <summary>The round of an entry in one piece.</summary>
    /// <exception cref="InvalidOperationException">It is stored in parts: too large for one message.</exception>
    public static RoundRecord Whole(JournalEntry entry) => entry.Parts.Count == 0
        ? new RoundRecord { Order = entry.Order, Contributions = JournalPart.Read(entry.Order, entry.Contributions), GateReadings = entry.GateReadings }
        : throw new InvalidOperationException($"Round {entry.Order.Round} has {entry.Count} contributions in {entry.Parts.Count} parts, too many for one message; read the parts, as 'fwdllm job journal' does.");

    /// <summary>Commits a closed round: a small one in one message, of a large one the parts first.</summary>
    public static async Task Commit(IGrainFactory grains, string job, RoundRecord record)
    {
        var model = grains.GetGrain<IModelGrain>(job);
        if (Cut(record.Contributions).Count == 1) await model.Commit(record);
        else await model.CommitEntry((await Store(grains, job, record)).ToBytes());
    }

    /// <summary>The round's entry; where it is large its parts are stored when this returns.</summary>
    public static async Task<JournalEntry> Store(IGrainFactory grains, string job, RoundRecord record)
    {
        var groups = Cut(record.Contributions);
        if (groups.Count == 1) return await Task.Run(() => Inline(record));
        var hashes = new string[groups.Count];
        await BackgroundCalls.ForEach([.. Enumerable.Range(0, groups.Count)], Parallelism, async i =>
        {
            var part = await Task.Run(() => JournalPart.Write(record.Order, groups[i]));
            hashes[i] = Hash(part);
            await grains.GetGrain<IJournalPartGrain>(Key(job, record.Order.Round, hashes[i])).Write(part);
        });
        return new JournalEntry { Order = record.Order, GateReadings = record.GateReadings, Count = record.Contributions.Count, Parts = hashes };
    }

    private static List<IReadOnlyList<RecordedContribution>> Cut(IReadOnlyList<RecordedContribution> contributions)
    {
        var groups = new List<IReadOnlyList<RecordedContribution>>();
        var (start, bytes) = (0, 0L);
        for (var i = 0; i < contributions.Count; i++)
        {
            var entry = contributions[i];
            var size = MostOverhead + entry.DeviceId.Length + entry.Contribution.Scalars.Length + entry.Contribution.Vector.Length;
            if (i > start && bytes + size > MostBytes)
            {
                groups.Add([.. contributions.Skip(start).Take(i - start)]);
                (start, bytes) = (i, 0);
            }

            bytes += size;
        }

        groups.Add(start == 0 ? contributions : [.. contributions.Skip(start)]);
        return groups;
    }
}
