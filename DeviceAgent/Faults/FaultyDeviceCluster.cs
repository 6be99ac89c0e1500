using System.Diagnostics;
using FwdLLM.Grains.Interfaces;

namespace FwdLLM.DeviceAgent.Faults;

/// <summary>
/// Test equipment: the cluster behind a network that delays, doubles, loses, reorders and replays messages. Which message meets what
/// follows from the seed and the order of the messages. Thread-safe.
/// </summary>
public sealed class FaultyDeviceCluster(IDeviceCluster inner, MessageFaultOptions options, TimeProvider time) : IDeviceCluster
{
    /// <summary>Old contributions kept to be replayed.</summary>
    private const int MostKept = 4096;

    private readonly Random _random = new(options.Seed);
    private readonly Lock _lock = new();
    private readonly List<(string DeviceId, Contribution Contribution)> _old = [];
    private readonly HashSet<Task> _underway = [];
    private long _faults;

    /// <summary>Faults that happened.</summary>
    public long Faults => Interlocked.Read(ref _faults);

    /// <inheritdoc/>
    public Task<Welcome> EnrolAsync(string deviceId, Enrolment enrolment, CancellationToken cancellation) =>
        SendAsync(stop => inner.EnrolAsync(deviceId, enrolment, stop), cancellation);

    /// <inheritdoc/>
    public Task<CheckInReply> CheckInAsync(string deviceId, CheckIn request, CancellationToken cancellation) =>
        SendAsync(stop => inner.CheckInAsync(deviceId, request, stop), cancellation);

    /// <inheritdoc/>
    public async Task<Receipt> ContributeAsync(string deviceId, Contribution contribution, CancellationToken cancellation)
    {
        if (contribution.Round >= options.KillAtRound) Process.GetCurrentProcess().Kill();
        if (Happens(options.Replay) && Old() is { } old) InBackground(() => inner.ContributeAsync(old.DeviceId, old.Contribution, CancellationToken.None));
        var receipt = await SendAsync(stop => inner.ContributeAsync(deviceId, contribution, stop), cancellation);
        lock (_lock)
        {
            if (_old.Count == MostKept) _old.RemoveAt(_random.Next(MostKept));
            _old.Add((deviceId, contribution));
        }

        return receipt;
    }

    /// <inheritdoc/>
    public Task<SnapshotChunk> GetSnapshotAsync(string jobId, long version, int offset, CancellationToken cancellation) =>
        SendAsync(stop => inner.GetSnapshotAsync(jobId, version, offset, stop), cancellation);

    /// <inheritdoc/>
    public Task<ModelChanges> GetChangesAsync(string jobId, long from, long version, int offset, CancellationToken cancellation) =>
        SendAsync(stop => inner.GetChangesAsync(jobId, from, version, offset, stop), cancellation);

    /// <summary>Completes when no message is on its way any more.</summary>
    public async Task SettleAsync()
    {
        Task[] underway;
        lock (_lock)
            underway = [.. _underway];
        await Task.WhenAll(underway);
    }

    private async Task<T> SendAsync<T>(Func<CancellationToken, Task<T>> send, CancellationToken cancellation)
    {
        if (Happens(options.LoseRequest)) throw new TimeoutException("Fault injected: the message was lost.");
        if (Happens(options.Reorder))
        {
            Later(send);
            throw new TimeoutException("Fault injected: the message is late.");
        }

        if (Happens(options.Delay)) await Task.Delay(Some(options.Longest), time, cancellation);
        if (Happens(options.Duplicate)) Later(send);
        var answer = await send(cancellation);
        return Happens(options.LoseAnswer) ? throw new TimeoutException("Fault injected: the answer was lost.") : answer;
    }

    private void Later<T>(Func<CancellationToken, Task<T>> send)
    {
        var delay = Some(options.Longest);
        InBackground(async () =>
        {
            await Task.Delay(delay, time);
            await send(CancellationToken.None);
        });
    }

    private void InBackground(Func<Task> send)
    {
        var message = Task.Run(async () => await send().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing)); // Nobody waits for its answer.
        lock (_lock)
        {
            _underway.RemoveWhere(task => task.IsCompleted);
            _underway.Add(message);
        }
    }

    private bool Happens(double probability)
    {
        lock (_lock)
        {
            if (probability == 0 || _random.NextDouble() >= probability) return false;
        }

        Interlocked.Increment(ref _faults);
        return true;
    }

    private TimeSpan Some(TimeSpan longest)
    {
        lock (_lock)
            return longest * _random.NextDouble();
    }

    private (string DeviceId, Contribution Contribution)? Old()
    {
        lock (_lock)
            return _old.Count == 0 ? null : _old[_random.Next(_old.Count)];
    }
}
