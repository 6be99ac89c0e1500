using FwdLLM.Grains.Interfaces;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;

namespace FwdLLM.Grains;

/// <summary>
/// The only writer of θ. A commit is two records: the journal entry first, then version, optimiser state and chain as one.
/// A crash between them leaves the entry, and the commit that follows takes the step from that entry to the same bits.
/// </summary>
[GrainType("model")]
public sealed partial class ModelGrain(
    [PersistentState("model", GrainsServices.Storage)] IPersistentState<ModelGrainState> store,
    ITrainingFactory trainings,
    ClusterTimings timings,
    IFaultPoints faults,
    ILogger<ModelGrain> logger) : Grain, IModelGrain, IModelStateGrain
{
    private SnapshotShelf? _snapshots;
    private ITraining? _training;
    private TrainingOverview? _overview;

    private string JobId => this.GetPrimaryKeyString();

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        StateFormatException.ThrowIfUnknown(this.GetGrainId(), store.State.Format, ModelGrainState.Known);
        _snapshots = new SnapshotShelf(JobId, timings.HeldVersions);
        if (store.State.Spec is not { } spec) return;
        _training = trainings.Create(spec);
        await Publish(store.State.Model);
    }

    public async Task<ModelHeader> Initialise(JobSpec spec)
    {
        if (store.State.Spec is null)
        {
            _training = trainings.Create(spec);
            store.State.Spec = spec;
            store.State.Model = await Task.Run(_training.Initial);
            await store.SaveOrLeave(this);
            await Publish(store.State.Model);
        }

        return Header();
    }

    public Task<ModelHeader> GetHeader() => Task.FromResult(Header());

    public Task<SnapshotChunk> GetSnapshot(long version, int offset) => Task.FromResult(_snapshots!.Read(version, offset));

    public Task<Immutable<byte[]>> GetState(long version)
    {
        var current = Overview().Version;
        return version == current
            ? Task.FromResult(store.State.Model.AsImmutable())
            : throw new VersionNotHeldException(JobId, version, current, current);
    }

    public async Task<ModelHeader> Commit(RoundRecord record)
    {
        if (record.Order.Round > Overview().Version)
        {
            // Either the caller is wrong, or this activation was given up by the cluster and another has gone on without it.
            await store.ReadStateAsync();
            await Publish(store.State.Model);
        }

        var version = Overview().Version;
        if (record.Order.Round < version) return Header();
        if (record.Order.Round > version || record.Order.ModelVersion != version)
            throw new ArgumentException($"Round {record.Order.Round} on version {record.Order.ModelVersion} cannot follow version {version} of job '{JobId}'.", nameof(record));

        // The entry that is there wins: a commit that died after writing it has decided what the step is made of.
        var entry = await Journal(record.Order.Round).Write(record);
        faults.Reach(FaultPoint.EntryWritten, JobId, record.Order.Round);
        var (training, before) = (_training!, store.State.Model);
        store.State.Model = await Task.Run(() => training.Step(before, entry.Order, [training.Reduce(before, entry.Order, entry.Contributions)]));
        store.State.JournalHash = JournalChain.Next(store.State.JournalHash, entry);
        faults.Reach(FaultPoint.StepComputed, JobId, record.Order.Round);
        await store.SaveOrLeave(this);
        faults.Reach(FaultPoint.VersionCommitted, JobId, record.Order.Round);
        await Publish(store.State.Model);
        LogCommitted(JobId, Overview().Version, entry.Contributions.Count, Overview().AdapterSha256);
        return Header();
    }

    public Task<RoundRecord?> GetJournal(uint round) =>
        store.State.Spec is not null && round < Overview().Version ? Journal(round).Read() : Task.FromResult<RoundRecord?>(null);

    private IJournalGrain Journal(uint round) => GrainFactory.GetGrain<IJournalGrain>($"{JobId}/{round}");

    private async Task Publish(byte[] state)
    {
        var training = _training!;
        var (overview, snapshot) = await Task.Run(() => (training.Plan(state), training.Snapshot(state)));
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
            JournalHash = store.State.JournalHash,
            AdapterSha256 = overview.AdapterSha256,
            Report = overview.Report,
            ForwardPasses = overview.ForwardPasses,
        };
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Job {JobId}: version {Version} from {Contributions} contributions, adapter {AdapterSha256}")]
    private partial void LogCommitted(string jobId, long version, int contributions, string adapterSha256);
}
