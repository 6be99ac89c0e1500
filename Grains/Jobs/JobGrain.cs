using FwdLLM.Grains.Interfaces;
using FwdLLM.Learning.Training;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace FwdLLM.Grains;

/// <summary>
/// The coordinator: waits for devices, opens one round after the other, has versions evaluated, ends the job. All of it
/// happens in <see cref="Advance"/>, from what is durable; calls from outside only record and wake it.
/// </summary>
[GrainType("job")]
public sealed partial class JobGrain(
    [PersistentState("job", GrainsServices.Storage)] IPersistentState<JobState> store,
    [PersistentState("roster", GrainsServices.Storage)] IPersistentState<RosterState> roster,
    ITrainingFactory trainings,
    IEvaluations evaluations,
    ClusterTimings timings,
    IFaultPoints faults,
    Upheaval upheaval,
    [FromKeyedServices(GrainsServices.Clock)] TimeProvider clock,
    ILogger<JobGrain> logger) : Grain, IJobGrain, IRemindable
{
    private const string Reminder = "resume";

    /// <summary>Evaluations kept in the status.</summary>
    private const int MostEvaluations = 1000;

    private readonly EvaluationDesk _evaluation = new(evaluations);
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private WorkTimer? _timer;
    private ModelHeader? _model;
    private RoundStatus? _round;
    private bool _opened;
    private JobDevices? _devices;
    private ITraining? _training;

    private JobDevices Devices => _devices ??= new JobDevices(JobId, GrainFactory, timings, clock);

    private JobState State => store.State;

    private ITraining Training => _training ??= trainings.Create(State.Spec!);

    private string JobId => this.GetPrimaryKeyString();

    private bool HasWork => State.Phase is JobPhase.Waiting or JobPhase.Running || (State.Phase == JobPhase.Finished && !State.Released);

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        StateFormatException.ThrowIfUnknown(this.GetGrainId(), State.Format, JobState.Known);
        StateFormatException.ThrowIfUnknown(this.GetGrainId(), roster.State.Format, RosterState.Known);
        _round = State.LastRound;
        if (State.LastRound is not null) _model = await GrainFactory.GetGrain<IModelGrain>(JobId).GetHeader();
        Wake();
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        _timer?.Stop();
        _changed.TrySetResult();
        return Task.CompletedTask;
    }

    public async Task<JobStatus> Submit(JobSpec spec)
    {
        JobSpecValidator.ThrowIfInvalid(spec);
        if (spec.Id != JobId) throw new JobInvalidException(JobId, [$"id is '{spec.Id}' but the job was called '{JobId}'; use one of them."]);
        if (State.Spec is null)
        {
            await Index().Add(JobId); // First: an index entry without a job is harmless, a job nobody resumes is not.
            (State.Spec, State.Phase) = (spec, JobPhase.Waiting);
        }
        else if (JobSpecIdentity.Of(spec) != JobSpecIdentity.Of(State.Spec))
        {
            throw new JobConflictException(JobId);
        }

        if (State.Phase is JobPhase.Paused or JobPhase.Failed) State.Phase = JobPhase.Waiting;
        if (State.Phase != JobPhase.Finished)
        {
            (State.PauseRequested, State.Message) = (false, null);
            await Save();
            await this.RegisterOrUpdateReminder(Reminder, timings.ReminderPeriod, timings.ReminderPeriod);
            Wake();
        }

        return Status();
    }

    public async Task Pause()
    {
        if (State.Phase is not (JobPhase.Waiting or JobPhase.Running)) return;
        State.PauseRequested = true;
        await Save();
        Wake();
    }

    public async Task<JobStatus> GetStatus(long knownRevision, TimeSpan wait)
    {
        if (wait > timings.LongPollCap) wait = timings.LongPollCap;
        if (State.Revision == knownRevision && wait > TimeSpan.Zero)
            await upheaval.WaitAsync(_changed.Task, wait);
        return Status();
    }

    public Task<JobSpec?> GetSpec() => Task.FromResult(State.Spec);

    public Task RoundClosed(uint round, RoundStatus status)
    {
        if (State.Open?.Round == round)
        {
            _round = status;
            Wake();
        }
        else if (State.LastRound is { } last && last.Round == round && status.Late > last.Late)
        {
            State.Late += status.Late - last.Late; // Stored with the next write: a count for people.
            State.LastRound = status;
            Changed();
        }

        return Task.CompletedTask;
    }

    public async Task RoundFailed(uint round, string reason)
    {
        if (State.Open?.Round != round || State.Phase != JobPhase.Running) return;
        (State.Phase, State.Message) = (JobPhase.Failed, $"Round {round} cannot go on: {reason}");
        _opened = false;
        await Save();
    }

    public async Task Evaluated(Evaluation evaluation)
    {
        if (State.Evaluations.Exists(e => e.Version == evaluation.Version)) return;
        State.Evaluations.Add(evaluation);
        if (State.Evaluations.Count > MostEvaluations) State.Evaluations.RemoveAt(0);
        if (evaluation.Version == State.HeadOnlyVersion) State.HeadOnly = evaluation;
        await Save();
    }

    public Task ReceiveReminder(string reminderName, TickStatus status)
    {
        Wake(); // Being active is the point: activation started the timer.
        return Task.CompletedTask;
    }

    private void Wake()
    {
        if (!HasWork) return;
        _timer ??= new WorkTimer(this, Advance, timings.JobTick, timings.AfterFailure, upheaval, e => LogStepFailed(JobId, e.Message));
        _timer.Start();
        _timer.Wake();
    }

    private async Task Advance()
    {
        if (State.PauseRequested && State.Open is null && State.Phase is JobPhase.Waiting or JobPhase.Running) await EndPhase(JobPhase.Paused, "Paused; submit the same job to continue.");
        else if (State.Phase == JobPhase.Waiting) await AwaitDevices();
        else if (State.Phase == JobPhase.Running && State.Open is null) await OpenRound();
        else if (State.Phase == JobPhase.Running) await FollowRound();
        else if (State.Phase == JobPhase.Finished && !State.Released) await Release();

        if (!HasWork) _timer?.Stop();
    }

    private async Task AwaitDevices()
    {
        var (found, expected) = (await Devices.List(), State.Spec!.Cohort.ExpectedDevices);
        if (found.Count >= expected)
        {
            if (State.Spec.Cohort.Schedule == ScheduleKind.Fixed && roster.State.Devices.Count == 0)
            {
                roster.State.Devices = found;
                await roster.SaveOrLeave(this);
            }

            (State.Phase, State.Message, State.Devices) = (JobPhase.Running, null, found.Count);
            await Save();
            LogRunning(JobId, found.Count);
            Wake();
        }
        else if (State.Devices != found.Count || State.Message is null)
        {
            (State.Devices, State.Message) = (found.Count, $"Waiting for devices: {found.Count} of {expected} are enrolled.");
            Changed();
        }
    }

    private async Task OpenRound()
    {
        var spec = State.Spec!;
        _model = await GrainFactory.GetGrain<IModelGrain>(JobId).Initialise(spec);
        if (_model.Next is not { } order)
        {
            await Finish(_model);
            return;
        }

        if (order.Kind == (byte)WorkKind.Probes && State.HeadOnlyVersion is null) (State.HeadOnlyVersion, State.EvaluationDue) = (_model.Version, true);
        if (State.EvaluationDue && !_evaluation.IsBusy)
        {
            State.EvaluationDue = false;
            Evaluate(_model);
        }

        var devices = spec.Cohort.Schedule == ScheduleKind.Fixed ? roster.State.Devices : await Devices.Recent();
        State.Devices = devices.Count;
        State.Cohort = CohortChoice.Choose(spec.Cohort, order, Training.Seed, devices);
        State.Open = order;
        await Save();
        faults.Reach(FaultPoint.RoundOpened, JobId, order.Round);
        _opened = false;
        await FollowRound();
    }

    private async Task FollowRound()
    {
        var order = State.Open!;
        var round = GrainFactory.GetGrain<IRoundGrain>($"{JobId}/{order.Round}");
        if (!_opened)
        {
            await round.Open(State.Spec!, order, State.Cohort);
            _opened = true;
        }

        var known = _round;
        if (_round?.Round != order.Round || !_round.Closed) _round = await round.GetStatus();
        if (_round.Closed) await CloseRound(order, _round);
        else if (_round != known) Changed();
    }

    private async Task CloseRound(RoundOrder order, RoundStatus status)
    {
        State.Contributions += status.Contributions;
        State.Probes += status.Probes;
        State.Late += status.Late;
        State.Dropped += status.Dropped;
        if (order.Kind == (byte)WorkKind.Probes)
        {
            State.ProbeRounds++;
            if (State.Spec!.EvaluateEvery > 0 && State.ProbeRounds % State.Spec.EvaluateEvery == 0) State.EvaluationDue = true;
        }

        (State.LastRound, State.Open, State.Cohort) = (status, null, []);
        await Save();
        Wake();
    }

    private async Task Finish(ModelHeader model)
    {
        if (_evaluation.IsBusy) return; // Its end wakes the job.
        var done = State.Evaluations.Exists(e => e.Version == model.Version);
        if (!done && !_evaluation.HasTried(model.Version))
        {
            Evaluate(model);
            return;
        }

        await EndPhase(JobPhase.Finished, done ? null : "Finished; the final version was not evaluated on the server.");
        faults.Reach(FaultPoint.JobFinished, JobId, State.LastRound?.Round ?? 0);
        LogFinished(JobId, model.Version, model.AdapterSha256);
        Wake();
    }

    private async Task EndPhase(JobPhase phase, string? message)
    {
        (State.Phase, State.Message, State.PauseRequested) = (phase, message, false);
        await Save();
    }

    private async Task Release()
    {
        await Devices.Release(State.LastRound?.Round ?? 0);
        await Index().Remove(JobId);
        if (await this.GetReminder(Reminder) is { } reminder) await this.UnregisterReminder(reminder);
        State.Released = true;
        await Save();
    }

    private void Evaluate(ModelHeader model) =>
        _evaluation.Begin(State.Spec!, model, e => LogEvaluationFailed(JobId, model.Version, e), Wake);

    private IJobIndexGrain Index() => GrainFactory.GetGrain<IJobIndexGrain>(0);

    private async Task Save()
    {
        Changed();
        await store.SaveOrLeave(this);
    }

    private void Changed()
    {
        State.Revision++;
        var changed = _changed;
        _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        changed.SetResult();
    }

    private JobStatus Status() => new()
    {
        Revision = State.Revision,
        Phase = State.Phase,
        Message = State.Message,
        Model = _model,
        Round = WithLastReading(_round),
        Devices = State.Devices,
        Contributions = State.Contributions,
        Probes = State.Probes,
        Late = State.Late,
        Dropped = State.Dropped,
        TrainingLoss = State.LastRound?.TrainingLoss ?? double.NaN,
        Evaluations = [.. State.Evaluations],
        HeadOnly = State.HeadOnly,
        RoundsLeft = State.Spec is not null && Training.MaxRounds is > 0 and var most ? Math.Max(0, most - State.ProbeRounds) : -1,
    };

    // An open round has no reading before its first wave is in; until then the last round's is what people want to see.
    private RoundStatus? WithLastReading(RoundStatus? round) =>
        round is not null && double.IsNaN(round.GateReading) && State.LastRound is { } last
            ? round with { GateReading = last.GateReading, GateThreshold = last.GateThreshold }
            : round;

    [LoggerMessage(Level = LogLevel.Warning, Message = "Job {JobId}: a step failed, the next try is soon: {Reason}")]
    private partial void LogStepFailed(string jobId, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "Job {JobId} runs with {Devices} devices")]
    private partial void LogRunning(string jobId, int devices);

    [LoggerMessage(Level = LogLevel.Information, Message = "Job {JobId} is complete at version {Version}, adapter {AdapterSha256}")]
    private partial void LogFinished(string jobId, long version, string adapterSha256);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Job {JobId}: version {Version} was not evaluated")]
    private partial void LogEvaluationFailed(string jobId, long version, Exception exception);
}
