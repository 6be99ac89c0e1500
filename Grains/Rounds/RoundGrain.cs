using FwdLLM.Grains.Interfaces;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;

namespace FwdLLM.Grains;

/// <summary>
/// One round: invite, collect, gate, commit, report. All of it happens in <see cref="Advance"/>, which a timer calls and which
/// does the next step from whatever is durable; calls from outside only record and wake it.
/// </summary>
[GrainType("round"), CollectionAgeLimit(Minutes = 2)] // Closed, it is only asked about contributions that come late.
public sealed partial class RoundGrain(
    [PersistentState("round", GrainsServices.Storage)] IPersistentState<RoundState> store,
    ClusterTimings timings,
    IFaultPoints faults,
    Upheaval upheaval,
    [FromKeyedServices(GrainsServices.Clock)] TimeProvider clock,
    ILogger<RoundGrain> logger) : Grain, IRoundGrain
{
    private readonly RoundTally _tally = new();
    private readonly List<byte[]> _sums = [];
    private readonly List<RecordedContribution> _held = [];
    private bool _closing;
    private RoundDevices? _devices;
    private WorkTimer? _timer;
    private bool _rebuilt;
    private long _waveStarted;
    private long _pulled;
    private long _upheavals;

    private RoundState State => store.State;

    private string RoundKey => this.GetPrimaryKeyString();

    private RoundOrder Order => State.Order!;

    private RoundDevices Devices => _devices ??= new RoundDevices(GrainFactory, timings.Parallelism, State.Spec!.Id, Order.Round, (device, e) => LogUnreachable(RoundKey, device, e.Message));

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        StateFormatException.ThrowIfUnknown(this.GetGrainId(), State.Format, RoundState.Known);
        if (State.Spec is not null && State.Closed is null) Start();
        return Task.CompletedTask;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        _timer?.Stop();
        return Task.CompletedTask;
    }

    public async Task Open(JobSpec spec, RoundOrder order, IReadOnlyList<CohortMember> cohort)
    {
        if (State.Spec is null)
        {
            (State.Spec, State.Order, State.Cohort) = (spec, order, cohort);
            await store.SaveOrLeave(this);
            _rebuilt = true; // Nobody has been asked, so there is nothing to find.
            Start();
        }

        if (State.Closed is not null) Report();
    }

    public Task Accepted(string deviceId, Assignment assignment, Contribution contribution)
    {
        Notice(new RecordedContribution { DeviceId = deviceId, Assignment = assignment, Contribution = contribution });
        return Task.CompletedTask;
    }

    public Task<RoundStatus> GetStatus() => Task.FromResult(State.Closed ?? Status());

    private void Start()
    {
        _waveStarted = _pulled = clock.GetTimestamp();
        _upheavals = upheaval.Noticed;
        _timer ??= new WorkTimer(this, Advance, timings.RoundTick, timings.AfterFailure, upheaval, e => LogStepFailed(RoundKey, e.Message));
        _timer.Start();
    }

    private async Task Advance()
    {
        if (State.Closed is not null) return;
        if (!_rebuilt) await Rebuild();
        await Invite();
        if (clock.GetElapsedTime(_pulled) >= timings.PullEvery || upheaval.Noticed != _upheavals) await Pull(Silent()); // Notices are lost with silos; while the directory settles a look may fail, so there is another.
        if (State.Closed is not null || !(Enough() || Overdue())) return;
        try
        {
            // What arrives meanwhile is no part of what the gate reads and the journal gets.
            _closing = true;
            await CloseWave();
        }
        catch (Exception e) when (e is ArgumentException or InvalidDataException or ArithmeticException)
        {
            // The mathematics refused its input: another try meets the same input.
            LogFailed(RoundKey, e);
            _timer?.Stop();
            _ = Job().RoundFailed(Order.Round, e.Message).Observe(x => LogReportFailed(RoundKey, x));
            DeactivateOnIdle();
        }
        finally
        {
            _closing = false;
            foreach (var held in _held) Notice(held);
            _held.Clear();
        }
    }

    private void Notice(RecordedContribution work)
    {
        if (State.Spec is null) return;
        if (_closing)
        {
            _held.Add(work);
        }
        else if (State.Closed is { } closed)
        {
            // An activation that found the round closed does not know what was in it, so it cannot say what is late.
            if (!_rebuilt || !_tally.Add(work)) return;
            State.Closed = closed with { Late = closed.Late + 1 };
            Report();
        }
        else
        {
            Record(work.DeviceId, work.Assignment, work.Contribution);
            if (Enough()) _timer?.Wake();
        }
    }

    /// <summary>After a crash: the cohort's grains have what was accepted.</summary>
    private async Task Rebuild()
    {
        await Pull(State.Cohort);
        if (await IsCommitted()) await Close();
        _rebuilt = true;
    }

    /// <summary>Whether the model has this round: a commit may have succeeded though its caller died or gave up waiting.</summary>
    private async Task<bool> IsCommitted() => (await Model().GetHeader()).Version > Order.Round;

    private async Task Pull(IReadOnlyList<CohortMember> members)
    {
        (_pulled, _upheavals) = (clock.GetTimestamp(), upheaval.Noticed);
        await Devices.GetAccepted(members, Record);
    }

    /// <summary>Members without an answer to the current wave.</summary>
    private IReadOnlyList<CohortMember> Silent() => [.. State.Cohort.Where(m => !_tally.Has(State.Wave, m.Slot))];

    /// <summary>
    /// Before a commit, members that owe an answer to any wave: what they have handed in so far counts, what comes later is late.
    /// Without it a device could be told "accepted" of what the journal does not hold, so a member whose silo is away is waited for:
    /// it may have accepted already. A record that somebody must mend is not, since no activation accepts anything from it.
    /// </summary>
    private async Task CloseToAbsent()
    {
        var absent = State.Cohort.Where(m => Enumerable.Range(0, (int)State.Wave + 1).Any(wave => !_tally.Has((uint)wave, m.Slot))).ToList();
        var forgiving = clock.GetElapsedTime(_waveStarted) > 2 * State.Spec!.Cohort.Deadline; // A device whose record is damaged must not hold up the others for ever.
        await Devices.CloseRound(absent, Record, e => forgiving && INeedsRepair.IsBehind(e));
    }

    private async Task Invite()
    {
        if (State.Closed is not null) return;
        var (spec, order, wave) = (State.Spec!, Order, State.Wave);
        await Devices.Invite([.. Silent().Where(member => !Devices.IsInvited(member))], member => WaveRule.Work(spec, order, member, wave));
    }

    private void Record(CohortMember member, IReadOnlyList<Contribution> found)
    {
        foreach (var contribution in found) Record(member.DeviceId, WaveRule.Answered(State.Spec!, Order, member, contribution), contribution);
    }

    private void Record(string deviceId, Assignment assignment, Contribution contribution)
    {
        if (contribution.Wave > State.Wave || contribution.ModelVersion != Order.ModelVersion) return;
        if (!_tally.Add(new RecordedContribution { DeviceId = deviceId, Assignment = assignment, Contribution = contribution })) return;
        if (contribution.Wave < State.Wave) State.Late++;
    }

    private bool Enough() => _tally.InWave(State.Wave) >= WaveRule.Needed(State.Spec!.Cohort, Order, State.Cohort.Count);

    private bool Overdue()
    {
        if (clock.GetElapsedTime(_waveStarted) < State.Spec!.Cohort.Deadline) return false;
        if (_tally.InWave(State.Wave) > 0) return true;
        LogNobody(RoundKey, State.Wave);
        StartWave();
        return false;
    }

    private void StartWave()
    {
        _waveStarted = clock.GetTimestamp();
        Devices.StartWave();
    }

    private async Task CloseWave()
    {
        if (await IsCommitted())
        {
            await Close();
            return;
        }

        var gate = await Gate();
        var readings = new List<double>(State.GateReadings.Take((int)State.Wave)) { gate.Reading };
        var another = State.Wave + 1 < Order.MaxWaves && !State.Sealed;
        var again = !gate.Pass && another;
        if (!again)
        {
            faults.Reach(FaultPoint.GatePassed, State.Spec!.Id, Order.Round);
            if (another) await Seal();
            await CloseToAbsent();
            await JournalParts.Commit(GrainFactory, State.Spec.Id, new RoundRecord { Order = Order, Contributions = _tally.All, GateReadings = readings });
        }

        if (!Enough()) State.Dropped += State.Cohort.Count - _tally.InWave(State.Wave);
        (State.GateReadings, State.GateThreshold) = (readings, gate.Threshold);
        if (again)
        {
            State.Wave++;
            await store.SaveOrLeave(this);
            StartWave();
            _timer?.Wake();
        }
        else
        {
            await Close();
        }
    }

    /// <summary>An activation that hung and wakes with another reading can then not store, nor invite to, a further wave.</summary>
    private async Task Seal()
    {
        State.Sealed = true;
        await store.SaveOrLeave(this);
    }

    private async Task<GateReading> Gate()
    {
        var reducer = GrainFactory.GetGrain<IReducerGrain>(0);
        foreach (var group in _tally.NotReduced(timings.ReduceGroup))
        {
            _sums.Add((await reducer.Reduce(State.Spec!, Order, new Immutable<IReadOnlyList<RecordedContribution>>(group))).Value);
            _tally.MarkReduced(group);
        }

        return await reducer.Gate(State.Spec!, Order, new Immutable<IReadOnlyList<byte[]>>([.. _sums]));
    }

    private async Task Close()
    {
        State.Closed = Status() with { Closed = true };
        await store.SaveOrLeave(this);
        faults.Reach(FaultPoint.RoundClosed, State.Spec!.Id, Order.Round);
        _timer?.Stop();
        _sums.Clear();
        _tally.Close();
        Report();
    }

    /// <summary>Not awaited: the job may be waiting for this grain, and it also asks.</summary>
    private void Report() => _ = Job().RoundClosed(Order.Round, State.Closed!).Observe(e => LogReportFailed(RoundKey, e));

    private RoundStatus Status() => new()
    {
        Round = State.Order?.Round ?? 0,
        Wave = State.Wave,
        Invited = State.Cohort.Count,
        Accepted = _tally.InWave(State.Wave),
        Late = State.Late,
        Dropped = State.Dropped,
        GateReading = State.GateReadings.Count > 0 ? State.GateReadings[^1] : double.NaN,
        GateThreshold = State.GateThreshold,
        Contributions = _tally.Count,
        Probes = _tally.Probes,
        TrainingLoss = _tally.MeanLoss,
    };

    private IModelGrain Model() => GrainFactory.GetGrain<IModelGrain>(State.Spec!.Id);

    private IJobGrain Job() => GrainFactory.GetGrain<IJobGrain>(State.Spec!.Id);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Round {Round} wave {Wave}: nothing from anybody before the deadline; asking again")]
    private partial void LogNobody(string round, uint wave);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Round {Round}: device {DeviceId} was not reached, the next look is soon: {Reason}")]
    private partial void LogUnreachable(string round, string deviceId, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Round {Round}: a step failed, the next try is soon: {Reason}")]
    private partial void LogStepFailed(string round, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "Round {Round} cannot go on")]
    private partial void LogFailed(string round, Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Round {Round}: the job was not told; it will ask")]
    private partial void LogReportFailed(string round, Exception exception);
}
