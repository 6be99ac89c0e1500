using System.Buffers.Binary;
using FwdLLM.Grains.Interfaces;
using FwdLLM.Learning.Training;

namespace FwdLLM.DeviceAgent;

/// <summary>
/// One virtual device: enrol, check in, fetch the model version, compute, hand in, until the job ends. Every result is handed in until it is
/// accepted or refused; failures of the way to the cluster only cost time.
/// </summary>
/// <param name="profile">Who it is.</param>
/// <param name="workers">Makes its computation once it is welcome to the job.</param>
/// <param name="context">What it shares with the other devices of the process.</param>
public sealed class DeviceSession(DeviceProfile profile, Func<JobSpec, CancellationToken, Task<IDeviceWorker>> workers, FleetContext context)
{
    private static readonly string AgentVersion = typeof(DeviceSession).Assembly.GetName().Version?.ToString(3) ?? "";

    private readonly SpeedMeter _speed = new();
    private IDeviceWorker? _worker;
    private Contribution? _last;
    private int _refusals;
    private bool _changes;

    /// <summary>Works until the job ends, the cluster refuses the device, or <paramref name="cancellation"/>.</summary>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public async Task<SessionEnd> RunAsync(CancellationToken cancellation)
    {
        context.Statistics.SessionStarted();
        try
        {
            return new SessionEnd(profile.DeviceId, await EnrolAsync(cancellation) ?? await WorkAsync(cancellation));
        }
        finally
        {
            context.Statistics.SessionEnded();
        }
    }

    /// <summary>Null when welcome, otherwise the refusal.</summary>
    private async Task<string?> EnrolAsync(CancellationToken cancellation)
    {
        var enrolment = new Enrolment { Protocol = ProtocolVersion.Current, OldestProtocol = ProtocolVersion.Oldest, JobId = profile.JobId, Examples = profile.Examples, Agent = AgentVersion, Exact = profile.Exact };
        var welcome = await UntilAnsweredAsync(() => context.Cluster.EnrolAsync(profile.DeviceId, enrolment, cancellation), cancellation);
        while (welcome is { Job: null, Refusal: null } && welcome.RetryMax > TimeSpan.Zero)
        {
            await PauseAsync(welcome.RetryMin, welcome.RetryMax, cancellation);
            welcome = await UntilAnsweredAsync(() => context.Cluster.EnrolAsync(profile.DeviceId, enrolment, cancellation), cancellation);
        }

        if ((welcome.Refusal ?? (welcome.Job is null ? "the cluster named no job" : NotSpoken(welcome.Protocol))) is { } refusal)
        {
            context.Statistics.WasRefused(profile.DeviceId, refusal);
            return refusal;
        }

        _changes = welcome.Protocol >= ProtocolVersion.Changes;
        _worker ??= await workers(welcome.Job!, cancellation);
        return null;
    }

    private static string? NotSpoken(int protocol) => protocol is >= ProtocolVersion.Oldest and <= ProtocolVersion.Current
        ? null
        : $"the cluster chose device protocol {protocol}; this agent speaks {ProtocolVersion.Oldest} to {ProtocolVersion.Current}";

    /// <summary>Null when the job ended, otherwise the refusal.</summary>
    private async Task<string?> WorkAsync(CancellationToken cancellation)
    {
        while (true)
        {
            var request = new CheckIn { Wait = context.Session.CheckInWait, PassesPerSecond = _speed.PassesPerSecond };
            var reply = await UntilAnsweredAsync(() => context.Cluster.CheckInAsync(profile.DeviceId, request, cancellation), cancellation);
            if (reply.JobEnded)
                return null;
            string? refusal = null;
            if (reply.Assignment is { } assignment)
                refusal = await AnswerAsync(assignment, cancellation);
            else
                await PauseAsync(reply.RetryMin, reply.RetryMax, cancellation);
            if (reply.NotEnrolled)
                refusal = await EnrolAsync(cancellation);
            if (refusal is not null)
                return refusal;
        }
    }

    private async Task<string?> AnswerAsync(Assignment assignment, CancellationToken cancellation)
    {
        // The same work again means that the answer was lost on its way: computing it again would give the same bits.
        var contribution = _last is { } last && (last.Round, last.Wave, last.ModelVersion) == (assignment.Round, assignment.Wave, assignment.ModelVersion)
            ? last
            : await ComputeAsync(assignment, cancellation);
        if (contribution is null)
        {
            context.Statistics.WasAbandoned();
            await PauseAsync(cancellation);
            return null;
        }

        var receipt = await UntilAnsweredAsync(() => context.Cluster.ContributeAsync(profile.DeviceId, contribution, cancellation), cancellation);
        if (receipt.Verdict != Verdict.Refused)
            return Handed(contribution, receipt.Verdict);

        var reason = receipt.Reason ?? "no reason given";
        context.Statistics.WasRefused(profile.DeviceId, reason);
        _last = null;
        if (++_refusals >= context.Session.MaxRefusals)
            return $"{_refusals} contributions in a row were refused, the last one (round {contribution.Round}, wave {contribution.Wave}) because: {reason}";
        await PauseAsync(cancellation);
        return null;
    }

    private string? Handed(Contribution contribution, Verdict verdict)
    {
        if (verdict == Verdict.Late)
            context.Statistics.WasLate();
        else if (!ReferenceEquals(contribution, _last))
            context.Statistics.WasAccepted();
        _last = contribution;
        _refusals = 0;
        return null;
    }

    /// <summary>Null when the cluster no longer holds the assignment's model version.</summary>
    private async Task<Contribution?> ComputeAsync(Assignment assignment, CancellationToken cancellation)
    {
        if (await FetchAsync(assignment.ModelVersion, cancellation) is not { } snapshot)
            return null;
        var order = new WorkOrder
        {
            Kind = (WorkKind)assignment.Kind,
            Round = assignment.Round,
            Slot = assignment.Slot,
            Wave = assignment.Wave,
            FirstProbe = assignment.FirstProbe,
            ProbeCount = assignment.ProbeCount,
            BatchSize = assignment.BatchSize,
        };
        var (result, elapsed) = await ExecuteAsync(order, snapshot, cancellation);
        _speed.Add(result.ForwardExamples, elapsed);
        return Pack(assignment, result, elapsed);
    }

    private async Task<(WorkResult Result, TimeSpan Elapsed)> ExecuteAsync(WorkOrder order, ModelSnapshot snapshot, CancellationToken cancellation)
    {
        context.Statistics.WorkQueued();
        try
        {
            await context.Processors.WaitAsync(cancellation);
        }
        finally
        {
            context.Statistics.WorkUnqueued();
        }

        context.Statistics.WorkStarted();
        var started = context.Time.GetTimestamp();
        try
        {
            var result = await _worker!.ExecuteAsync(order, snapshot, cancellation);
            return (result, context.Time.GetElapsedTime(started));
        }
        finally
        {
            context.Statistics.WorkStopped();
            context.Processors.Release();
        }
    }

    private static Contribution Pack(Assignment assignment, WorkResult result, TimeSpan elapsed)
    {
        var scalars = new byte[result.Scalars.Length * sizeof(float)];
        for (var probe = 0; probe < result.Scalars.Length; probe++)
            BinaryPrimitives.WriteSingleLittleEndian(scalars.AsSpan(probe * sizeof(float)), result.Scalars[probe]);
        return new Contribution
        {
            Round = assignment.Round,
            Wave = assignment.Wave,
            ModelVersion = assignment.ModelVersion,
            Examples = result.Examples,
            ForwardExamples = result.ForwardExamples,
            LossSum = (float)result.LossSum,
            Correct = result.Correct,
            Scalars = scalars,
            Vector = result.Vector,
            JobTag = Contribution.TagOf(assignment.JobId),
            ElapsedMilliseconds = (int)Math.Min(int.MaxValue, elapsed.TotalMilliseconds),
        };
    }

    private async Task<ModelSnapshot?> FetchAsync(long version, CancellationToken cancellation)
    {
        try
        {
            return await UntilAnsweredAsync(() => context.Snapshots.GetAsync(profile.JobId, version, _changes, cancellation), cancellation);
        }
        catch (VersionNotHeldException)
        {
            return null;
        }
    }

    // The pipeline below has retried already; a device has nothing better to do than to go on trying.
    private async Task<T> UntilAnsweredAsync<T>(Func<Task<T>> call, CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                return await call();
            }
            catch (Exception failure) when (DeviceResilience.IsTransient(failure))
            {
                context.Statistics.CallFailed(profile.DeviceId, failure);
            }

            await PauseAsync(cancellation);
        }
    }

    private Task PauseAsync(CancellationToken cancellation) => PauseAsync(context.Session.PauseMin, context.Session.PauseMax, cancellation);

    // A random moment of the window: devices that were answered together must not come back together.
    private Task PauseAsync(TimeSpan least, TimeSpan most, CancellationToken cancellation)
    {
        if (most <= TimeSpan.Zero)
            (least, most) = (context.Session.PauseMin, context.Session.PauseMax);
        most = most < context.Session.LongestRetry ? most : context.Session.LongestRetry;
        least = least < TimeSpan.Zero ? TimeSpan.Zero : least < most ? least : most;
        return Task.Delay(least + ((most - least) * context.Random()), context.Time, cancellation);
    }
}
