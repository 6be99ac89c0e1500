using FwdLLM.Grains.Interfaces;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;

namespace FwdLLM.Grains;

/// <summary>
/// The only writer of θ. A commit is two records: the journal entry first, then version, optimiser state and chain as one.
/// A crash between them leaves the entry, and the commit that follows takes the step from that entry to the same bits.
/// </summary>
[GrainType("model")]
public sealed partial class ModelGrain : Grain, IModelGrain, IModelStateGrain
{
    private readonly IPersistentState<ModelGrainState> _store;
    private readonly ITrainingFactory _trainings;
    private readonly ClusterTimings _timings;
    private readonly IFaultPoints _faults;
    private readonly ILogger<ModelGrain> _logger;
    private readonly JournalRetention _retention;
    private readonly IPersistentState<CheckpointState> _checkpoints;
    private SnapshotShelf? _snapshots;
    private ITraining? _training;
    private TrainingOverview? _overview;

    /// <summary>Made by the silo.</summary>
    public ModelGrain(
        [PersistentState("model", GrainsServices.Storage)] IPersistentState<ModelGrainState> store,
        [PersistentState("checkpoints", GrainsServices.Storage)] IPersistentState<CheckpointState> checkpoints,
        ITrainingFactory trainings,
        ClusterTimings timings,
        IFaultPoints faults,
        ILogger<ModelGrain> logger)
    {
        (_store, _checkpoints, _trainings, _timings, _faults, _logger) = (store, checkpoints, trainings, timings, faults, logger);
        _retention = new JournalRetention(checkpoints, store, this);
    }

    private string JobId => this.GetPrimaryKeyString();

    private ModelGrainState State => _store.State;

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        StateFormatException.ThrowIfUnknown(this.GetGrainId(), State.Format, ModelGrainState.Known);
        StateFormatException.ThrowIfUnknown(this.GetGrainId(), _checkpoints.State.Format, CheckpointState.Known);
        _snapshots = new SnapshotShelf(JobId, _timings.HeldVersions);
        if (State.Spec is not { } spec) return;
        var training = _training = _trainings.Create(spec);
        var state = State.Model;
        await Publish(await Task.Run(() => training.Plan(state)));
        await _retention.TakeCheckpoint(Overview().Version);
    }

    public async Task<ModelHeader> Initialise(JobSpec spec)
    {
        if (State.Spec is null)
        {
            var training = _training = _trainings.Create(spec);
            var (state, overview) = await Task.Run(() => training.Initial() is var initial ? (initial, training.Plan(initial)) : default);
            (State.Spec, State.Model) = (spec, state);
            await _store.SaveOrLeave(this);
            await Publish(overview);
        }

        return Header();
    }

    public Task<ModelHeader> GetHeader() => Task.FromResult(Header());

    public Task<SnapshotChunk> GetSnapshot(long version, int offset) => Task.FromResult(_snapshots!.Read(version, offset));

    public Task<ModelChanges> GetChanges(long from, long version, int offset) => _snapshots!.ReadChanges(from, version, offset);

    public Task<Immutable<byte[]>> GetState(long version)
    {
        var current = Overview().Version;
        return version == current
            ? Task.FromResult(State.Model.AsImmutable())
            : throw new VersionNotHeldException(JobId, version, current, current);
    }

    public async Task<ModelHeader> Commit(RoundRecord record) =>
        await Follows(record.Order) ? await Commit(await JournalParts.Store(GrainFactory, JobId, record)) : Header();

    public async Task<ModelHeader> CommitEntry(byte[] entry)
    {
        var given = JournalEntry.FromBytes(Overview().Version, entry);
        return await Follows(given.Order) ? await Commit(given) : Header();
    }

    public async Task<RoundRecord?> GetJournal(uint round) =>
        await ReadEntry(round) is { } entry ? JournalParts.Whole(JournalEntry.FromBytes(round, entry)) : null;

    public Task<JournalHead?> GetJournalHead()
    {
        if (State.Spec is not { } spec) return Task.FromResult<JournalHead?>(null);
        var (overview, first) = (Overview(), _retention.Base);
        return Task.FromResult<JournalHead?>(new JournalHead
        {
            Spec = spec,
            Version = overview.Version,
            JournalHash = State.JournalHash,
            AdapterSha256 = overview.AdapterSha256,
            First = first?.Version ?? 0,
            FirstHash = first?.Hash ?? JournalChain.Start,
        });
    }

    public async Task<byte[]?> GetJournalBytes(uint round, int part)
    {
        var entry = await ReadEntry(round);
        if (entry is null || part == 0) return entry;
        var parts = JournalEntry.FromBytes(round, entry).Parts;
        return part > 0 && part <= parts.Count ? await Part(round, parts[part - 1]).Read() : null;
    }

    public Task<SnapshotChunk> GetCheckpoint(long version, int offset)
    {
        var held = _retention.Base;
        return held?.Version == version
            ? Task.FromResult(SnapshotShelf.Cut(version, held.Model, offset))
            : throw new VersionNotHeldException(JobId, version, held?.Version ?? 0, held?.Version ?? 0);
    }

    private async Task<bool> Follows(RoundOrder order)
    {
        if (order.Round > Overview().Version)
        {
            // Either the caller is wrong, or this activation was given up by the cluster and another has gone on without it.
            await _store.ReadStateAsync();
            var (training, state) = (_training!, State.Model);
            await Publish(await Task.Run(() => training.Plan(state)));
        }

        var version = Overview().Version;
        if (order.Round < version) return false;
        return order.Round == version && order.ModelVersion == version
            ? true
            : throw new ArgumentException($"Round {order.Round} on version {order.ModelVersion} cannot follow version {version} of job '{JobId}'.", nameof(order));
    }

    private async Task<ModelHeader> Commit(JournalEntry entry)
    {
        // The entry that is there wins: a commit that died after writing it has decided what the step is made of.
        var journal = Journal(entry.Order.Round);
        var step = await Take(entry);
        _faults.Reach(FaultPoint.StepComputed, JobId, entry.Order.Round);
        var kept = JournalEntry.FromBytes(entry.Order.Round, await journal.WriteEntry((entry with { Effect = step.Effect }).ToBytes()));
        _faults.Reach(FaultPoint.EntryWritten, JobId, entry.Order.Round);
        if (!kept.HasContentOf(entry)) step = await Take(kept);

        (State.Model, State.JournalHash) = (step.State, step.Effect.Hash);
        await _store.SaveOrLeave(this);
        _faults.Reach(FaultPoint.VersionCommitted, JobId, entry.Order.Round);
        await Publish(step.Overview);
        LogCommitted(JobId, Overview().Version, kept.Count, Overview().AdapterSha256);
        await _retention.TakeCheckpoint(Overview().Version);
        await _retention.Remove(Journal).Observe(e => LogNotRemoved(JobId, State.JournalFirst, e));
        return Header();
    }

    private async Task<(byte[] State, TrainingOverview Overview, JournalEffect Effect)> Take(JournalEntry entry)
    {
        using var step = new JournalStep(State.Spec!, _training!, State.Model, State.JournalHash, entry, audit: false);
        if (entry.Parts.Count == 0) await Task.Run(() => step.Add(entry.Contributions));
        for (var i = 0; i < entry.Parts.Count; i++)
        {
            var part = await Part(entry.Order.Round, entry.Parts[i]).Read()
                ?? throw new InvalidDataException($"{JournalEntry.Name(entry.Order.Round)}: part {i + 1} of {entry.Parts.Count} is missing.");
            await Task.Run(() => step.Add(part));
        }

        return await Task.Run(step.Finish);
    }

    private Task<byte[]?> ReadEntry(uint round) =>
        State.Spec is not null && round < Overview().Version ? Journal(round).ReadEntry() : Task.FromResult<byte[]?>(null);

    private IJournalGrain Journal(uint round) => GrainFactory.GetGrain<IJournalGrain>($"{JobId}/{round}");

    private IJournalPartGrain Part(uint round, string hash) => GrainFactory.GetGrain<IJournalPartGrain>(JournalParts.Key(JobId, round, hash));

    private async Task Publish(TrainingOverview overview)
    {
        var (training, state) = (_training!, State.Model);
        var snapshot = await Task.Run(() => training.Snapshot(state));
        _overview = overview;
        _snapshots!.Add(overview.Version, snapshot);
    }

    private TrainingOverview Overview() =>
        _overview ?? throw new InvalidOperationException($"Job '{JobId}' has no model yet; submit the job first.");

    private ModelHeader Header()
    {
        var overview = Overview();
        return new ModelHeader
        {
            Version = overview.Version,
            Next = overview.Next,
            JournalHash = State.JournalHash,
            AdapterSha256 = overview.AdapterSha256,
            Report = overview.Report,
            ForwardPasses = overview.ForwardPasses,
        };
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Job {JobId}: version {Version} from {Contributions} contributions, adapter {AdapterSha256}")]
    private partial void LogCommitted(string jobId, long version, int contributions, string adapterSha256);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Job {JobId}: journal entries from round {Round} could not be removed; the next commit tries again")]
    private partial void LogNotRemoved(string jobId, long round, Exception exception);
}
