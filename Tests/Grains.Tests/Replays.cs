using FwdLLM.Grains;
using FwdLLM.Grains.Interfaces;

namespace FwdLLM.Tests.Grains;

/// <summary>Replays with the tests' algorithm, and journals in memory that can be changed.</summary>
internal static class Replays
{
    public static Task<ReplayResult> RunAsync(IJournalSource source) =>
        new JournalReplay(new QuadraticTrainingFactory()).RunAsync(source, _ => { }, TestContext.Current.CancellationToken);

    /// <summary>A copy of a cluster's journal.</summary>
    public static async Task<MemoryJournal> CopyAsync(IModelGrain model)
    {
        var source = (await ClusterJournal.OpenAsync(model, TestContext.Current.CancellationToken))!;
        var copy = new MemoryJournal { Head = source.Head };
        for (var round = (uint)source.Head.First; round < source.Head.Version; round++)
        {
            for (var part = 0; await source.ReadAsync(round, part, TestContext.Current.CancellationToken) is { } bytes; part++) copy.Stored[(round, part)] = bytes;
        }

        if (source.Head.First > 0) copy.Checkpoint = await source.ReadCheckpointAsync(TestContext.Current.CancellationToken);
        return copy;
    }

    internal sealed class MemoryJournal : IJournalSource
    {
        public required JournalHead Head { get; set; }

        public Dictionary<(uint Round, int Part), byte[]> Stored { get; } = [];

        public byte[] Checkpoint { get; set; } = [];

        public RoundRecord this[uint round]
        {
            get => JournalParts.Whole(Entry(round));
            set => Stored[(round, 0)] = (JournalParts.Inline(value) with { Effect = Entry(round).Effect }).ToBytes();
        }

        public JournalEntry Entry(uint round) => JournalEntry.FromBytes(round, Stored[(round, 0)]);

        public Task<byte[]> ReadCheckpointAsync(CancellationToken cancellation) => Task.FromResult(Checkpoint);

        public Task<byte[]?> ReadAsync(uint round, int part, CancellationToken cancellation) => Task.FromResult(Stored.GetValueOrDefault((round, part)));
    }
}
