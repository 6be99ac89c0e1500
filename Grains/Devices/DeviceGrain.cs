using FwdLLM.Grains.Interfaces;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Storage;

namespace FwdLLM.Grains;

/// <summary>
/// A device's place in the cluster: identity, work, and the inbox of what it handed in. A contribution is durable here before
/// it is acknowledged, so a round can always be rebuilt from its cohort.
/// </summary>
[GrainType("d"), CollectionAgeLimit(Minutes = 5)] // A device that is there calls every few seconds; one that left costs nothing after this.
public sealed partial class DeviceGrain(
    [PersistentState(DeviceGrain.RecordName, GrainsServices.Storage)] IPersistentState<DeviceState> store,
    [FromKeyedServices(GrainsServices.Storage)] IGrainStorage storage,
    KnownJobs jobs,
    Admission admission,
    Upheaval upheaval,
    FlowLimits limits,
    ClusterTimings timings,
    IFaultPoints faults,
    [FromKeyedServices(GrainsServices.Clock)] TimeProvider clock,
    ILogger<DeviceGrain> logger) : Grain, IDeviceGrain
{
    private const string RecordName = "device";

    /// <summary>Longest device id.</summary>
    private const int MostIdLength = 128;

    /// <summary>Longest version text of an agent.</summary>
    private const int MostAgentLength = 64;

    /// <summary>Verdicts remembered beyond the current round.</summary>
    private const int MostVerdicts = 64;

    /// <summary>Relative change of the measured speed that the scheduler is told about.</summary>
    private const float SpeedChange = 0.2f;

    private TaskCompletionSource _news = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private CallRate? _rate;
    private ITraining? _training;
    private Assignment? _handedOut;
    private int _waiting;
    private long _activatedAt;
    private long _assignedAt;
    private long _upheavals;
    private bool _assigning;

    private string DeviceId => this.GetPrimaryKeyString();

    private CallRate Rate => _rate ??= new CallRate(limits, clock);

    private Assignment? Work => store.State.Assignments.LastOrDefault();

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        StateFormatException.ThrowIfUnknown(this.GetGrainId(), store.State.Format, DeviceState.Known);
        _activatedAt = _assignedAt = clock.GetTimestamp();
        _upheavals = upheaval.Settled;
        return Task.CompletedTask;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        _news.TrySetResult();
        return Task.CompletedTask;
    }

    public async Task<Welcome> Enrol(Enrolment enrolment)
    {
        if (enrolment.Agent.Length > MostAgentLength) return Refuse($"The agent's version has {enrolment.Agent.Length} characters; use at most {MostAgentLength}.");
        if (ProtocolVersion.InCommon(enrolment.OldestProtocol, enrolment.Protocol) is not { } protocol) return Refuse(ProtocolVersion.Mismatch(enrolment));
        if (enrolment.Examples < 1) return Refuse($"The device has {enrolment.Examples} examples; give it data, at least 1 example.");
        if (DeviceId.Length > MostIdLength) return Refuse($"The device id has {DeviceId.Length} characters; use at most {MostIdLength}.");
        if (!JobSpecValidator.IsId(enrolment.JobId)) return Refuse("The job id is not one; give the id the job was submitted with.");

        if (!Allows(limits.EnrolmentCost)) return ComeBack(Rate.Window(limits.EnrolmentCost));
        if (admission.TurnAway() is { } window) return ComeBack(window);

        if (await jobs.Find(enrolment.JobId) is not { } job) return Refuse($"There is no job '{enrolment.JobId}'; submit it first, or check the id.");
        if (job.Training.NeedsExact && !enrolment.Exact) return Refuse($"Job '{enrolment.JobId}' takes exact gradients only; start the agent with --exact, on a device that has the memory.");
        var status = await GrainFactory.GetGrain<IJobGrain>(enrolment.JobId).GetStatus(-1, TimeSpan.Zero);
        var (state, ended) = (store.State, status.Phase == JobPhase.Finished);
        _training = job.Training;
        if (state.JobId != enrolment.JobId || state.Examples != enrolment.Examples || state.Exact != enrolment.Exact || state.JobEnded != ended)
        {
            if (state.JobId != enrolment.JobId) (state.Assignments, state.Inbox, state.Verdicts, state.Assigned, state.Missed, state.ClosedRounds) = ([], [], [], 0, 0, 0);
            (state.JobId, state.Examples, state.Exact, state.JobEnded) = (enrolment.JobId, enrolment.Examples, enrolment.Exact, ended);
            // It may have come back as the other kind: what it is asked for must be what it can do.
            state.Assignments = [.. state.Assignments.Select(work => HasContributed(work) ? work : WaveRule.Fit(work, state.Exact, job.Training.ProbesPerDevice))];
            await Save();
            LogEnrolled(DeviceId, enrolment.JobId, enrolment.Examples, enrolment.Agent);
        }

        await Register(); // The same enrolment again may mean that this part failed.
        return new Welcome { Job = job.Spec, Protocol = protocol };

        static Welcome Refuse(string reason) => new() { Refusal = reason };
        static Welcome ComeBack(RetryWindow window) => new() { RetryMin = window.Least, RetryMax = window.Most };
    }

    public async Task<CheckInReply> CheckIn(CheckIn request)
    {
        LearnSpeed(request.PassesPerSecond);
        if (Work is { } done && HasContributed(done)) faults.Reach(FaultPoint.Acknowledged, done.JobId, done.Round);
        // Open work is always told, whatever else the device calls for: a flood must not cost the round an answer.
        var isNew = Work is { } work && work != _handedOut && !HasContributed(work);
        var (allowed, told) = (isNew || Allows(1), false);
        if (Answer() is null)
        {
            if (!allowed) return ComeBack(Rate.Window(1));
            if (_waiting >= limits.WaitingCheckIns) return ComeBack(new RetryWindow(timings.RetryMin, timings.RetryMax));
            if (admission.TurnAway() is { } window) return ComeBack(window);
            told = await News(request.Wait < timings.LongPollCap ? request.Wait : timings.LongPollCap);
        }

        if (Answer() is not { } answer)
        {
            if (upheaval.Settled != _upheavals || (told && await IsOutdated())) DeactivateOnIdle(); // It may be one of two, and then the other has the work.
            return ComeBack(new RetryWindow(timings.RetryMin, told ? 2 * timings.RetryMin : timings.RetryMax));
        }

        if (answer.JobEnded) return answer;
        if (admission.TurnAway() is { } later) return ComeBack(later) with { NotEnrolled = answer.NotEnrolled };
        _handedOut = answer.Assignment;
        return answer;

        static CheckInReply ComeBack(RetryWindow window) => new() { RetryMin = window.Least, RetryMax = window.Most };
    }

    public async Task<Receipt> Contribute(Contribution contribution)
    {
        var state = store.State;
        if (contribution.JobTag != 0 && state.JobId is { } job && contribution.JobTag != Contribution.TagOf(job)) return Refuse($"It is another job's: the device works for '{job}' now.");
        if (state.Verdicts.Find(v => v.Round == contribution.Round && v.Wave == contribution.Wave) is { } given)
        {
            Allows(1); // The receipt costs nothing; a flood of them is still one.
            // Repeated because the receipt was lost; with it the silo may have lost the notice to the round.
            if (Work is { } open && !state.WorkClosed && state.Inbox.Find(c => c.Round == open.Round && c.Round == contribution.Round && c.Wave == contribution.Wave) is { } stored)
                Tell(state.Assignments.Find(a => a.Round == stored.Round && a.Wave == stored.Wave)!, stored);
            return new Receipt { Verdict = given.Verdict };
        }

        if (state.JobId is null) return Refuse("The device is not enrolled; enrol first.");
        if (state.JobEnded) return Refuse($"Job '{state.JobId}' has ended.");
        if (state.Assignments.Find(a => a.Round == contribution.Round && a.Wave == contribution.Wave) is not { } assignment)
            return Refuse($"Round {contribution.Round} wave {contribution.Wave} is not this device's work ({(Work is { } w ? $"round {w.Round} wave {w.Wave}" : "it has none")}); check in again.");
        if ((await Training()).Refuse(assignment, contribution) is { } reason) return Refuse(reason);

        var late = assignment != Work || state.WorkClosed || clock.GetElapsedTime(_assignedAt) > assignment.Deadline;
        var verdict = late ? Verdict.Late : Verdict.Accepted;
        state.Inbox.Add(contribution);
        state.Verdicts.Add(new GivenVerdict(contribution.Round, contribution.Wave, verdict));
        if (state.Verdicts.Count > MostVerdicts) state.Verdicts.RemoveAt(0);
        await Save();
        faults.Reach(FaultPoint.Accepted, assignment.JobId, assignment.Round);
        Tell(assignment, contribution);
        return new Receipt { Verdict = verdict };

        Receipt Refuse(string why)
        {
            if (Allows(limits.RefusalCost)) LogRefused(DeviceId, contribution.Round, contribution.Wave, why);
            else why += $" It calls too often; wait {Math.Ceiling(Rate.Window(limits.RefusalCost).Least.TotalSeconds)} s.";
            return new Receipt { Verdict = Verdict.Refused, Reason = why };
        }
    }

    public async Task Assign(Assignment assignment)
    {
        var state = store.State;
        if (state.JobId != assignment.JobId || state.JobEnded || assignment.Round < state.ClosedRounds) return;
        assignment = WaveRule.Fit(assignment, state.Exact, (await Training()).ProbesPerDevice);
        if (!state.Assignments.Contains(assignment))
        {
            if (Work is { } last && (assignment.Round, assignment.Wave).CompareTo((last.Round, last.Wave)) < 0) return;
            var missed = Work is { } before && !HasContributed(before) && clock.GetElapsedTime(_assignedAt) > before.Deadline;
            if (missed) state.Missed++;
            state.Assignments.RemoveAll(a => a.Round != assignment.Round || a.Wave == assignment.Wave);
            state.Inbox.RemoveAll(c => c.Round != assignment.Round);
            state.Assignments.Add(assignment);
            state.Assigned++;
            state.WorkClosed = false;
            _assigning = true; // Check-ins interleave, and work that is not stored yet could not be handed in.
            await Save();
            _assigning = false;
            faults.Reach(FaultPoint.Assigned, assignment.JobId, assignment.Round);
            if (missed) RegisterLater();
        }

        _assignedAt = clock.GetTimestamp();
        Announce();
    }

    public Task<IReadOnlyList<Contribution>> GetAccepted(string jobId, uint round) =>
        Task.FromResult<IReadOnlyList<Contribution>>(store.State.JobId == jobId ? [.. store.State.Inbox.Where(c => c.Round == round)] : []);

    public async Task<IReadOnlyList<Contribution>> CloseRound(string jobId, uint round)
    {
        var state = store.State;
        if (state.JobId == jobId && state.ClosedRounds <= round)
        {
            // Stored even where the round is not known here: its invitation may still come, or be with an activation that hangs and wakes.
            state.ClosedRounds = round + 1;
            if (Work?.Round == round) state.WorkClosed = true;
            await Save();
        }

        return await GetAccepted(jobId, round);
    }

    public async Task Release(string jobId, uint closedRound, bool jobEnded)
    {
        var state = store.State;
        if (state.JobId != jobId) return;
        var kept = state.Assignments.Count + state.Inbox.Count;
        state.Assignments.RemoveAll(a => jobEnded || a.Round <= closedRound);
        state.Inbox.RemoveAll(c => jobEnded || c.Round <= closedRound);
        if (kept == state.Assignments.Count + state.Inbox.Count && state.JobEnded == jobEnded) return;
        (state.JobEnded, state.ClosedRounds) = (jobEnded, Math.Max(state.ClosedRounds, closedRound + 1));
        await Save();
        if (jobEnded) Announce();
    }

    private CheckInReply? Answer()
    {
        if (store.State.JobId is null) return new CheckInReply { NotEnrolled = true, RetryMin = timings.RetryMin, RetryMax = timings.RetryMax };
        if (store.State.JobEnded) return new CheckInReply { JobEnded = true };
        return !_assigning && Work is { } work && !HasContributed(work) ? new CheckInReply { Assignment = work } : null;
    }

    private bool HasContributed(Assignment work) => store.State.Inbox.Exists(c => c.Round == work.Round && c.Wave == work.Wave);

    /// <summary>Until there is news, silos come and go, or the time is over; true when it was silos.</summary>
    private async Task<bool> News(TimeSpan wait)
    {
        if (wait <= TimeSpan.Zero) return false;
        _waiting++;
        try
        {
            return await upheaval.WaitAsync(_news.Task, wait);
        }
        finally
        {
            _waiting--;
        }
    }

    /// <summary>
    /// Whether another activation has stored since, so that the device waits at the wrong one. Asked of activations from the time of a change only:
    /// those that were there before are told by Orleans, and a whole fleet that reads would be in the round's way.
    /// </summary>
    private async Task<bool> IsOutdated()
    {
        if (clock.GetElapsedTime(_activatedAt) > Upheaval.Settling) return false;
        var stored = new GrainState<DeviceState>(new DeviceState());
        await storage.ReadStateAsync(RecordName, this.GetGrainId(), stored);
        return stored.ETag != store.Etag;
    }

    private Task Save() => admission.Track(() => store.SaveOrLeave(this));

    /// <summary>Whether the device may make a call that brings it nothing new; one that makes too many is named.</summary>
    private bool Allows(double cost)
    {
        var allowed = Rate.Allows(cost);
        if (!allowed && Rate.TakeReport() is { } calls) LogFlood(DeviceId, store.State.JobId, calls, limits.CallsPerSecond);
        return allowed;
    }

    private void Announce()
    {
        var news = _news;
        _news = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        news.SetResult();
    }

    private void LearnSpeed(float passesPerSecond)
    {
        var known = store.State.PassesPerSecond;
        if (store.State.JobId is null || !float.IsFinite(passesPerSecond) || passesPerSecond <= 0 || Math.Abs(passesPerSecond - known) <= SpeedChange * known) return;
        if (!Allows(1)) return;
        store.State.PassesPerSecond = passesPerSecond; // Stored with the next write: a device says it again anyway.
        RegisterLater();
    }

    /// <summary>Not awaited: the scheduler's view may lag.</summary>
    private void RegisterLater() => _ = Register().Observe(e => LogRegisterFailed(DeviceId, e));

    private Task Register() =>
        GrainFactory.GetGrain<IDevicePoolGrain>(PoolShards.Key(store.State.JobId!, DeviceId)).Register(new PoolEntry
        {
            DeviceId = DeviceId,
            Examples = store.State.Examples,
            PassesPerSecond = store.State.PassesPerSecond,
            Assigned = store.State.Assigned,
            Missed = store.State.Missed,
            Exact = store.State.Exact,
        });

    /// <summary>Not awaited: the round pulls what it was not told.</summary>
    private void Tell(Assignment assignment, Contribution contribution) =>
        _ = GrainFactory.GetGrain<IRoundGrain>($"{assignment.JobId}/{assignment.Round}")
            .Accepted(DeviceId, assignment, contribution)
            .Observe(e => LogTellFailed(DeviceId, assignment.Round, e));

    private async Task<ITraining> Training()
    {
        if (_training is not null) return _training;
        var job = await jobs.Find(store.State.JobId!)
            ?? throw new InvalidOperationException($"Job '{store.State.JobId}' of device '{DeviceId}' is gone; enrol again.");
        return _training = job.Training;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Device {DeviceId} enrolled in job {JobId} with {Examples} examples, agent '{Agent}'")]
    private partial void LogEnrolled(string deviceId, string jobId, int examples, string agent);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Device {DeviceId}: contribution to round {Round} wave {Wave} refused: {Reason}")]
    private partial void LogRefused(string deviceId, uint round, uint wave, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Device {DeviceId} of job {JobId} floods: {Calls} calls beyond {Rate} a second; it is told to wait")]
    private partial void LogFlood(string deviceId, string? jobId, int calls, double rate);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Device {DeviceId}: round {Round} was not told of a contribution; it will ask")]
    private partial void LogTellFailed(string deviceId, uint round, Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Device {DeviceId}: the pool was not told of its speed and reliability")]
    private partial void LogRegisterFailed(string deviceId, Exception exception);
}
