using FwdLLM.Grains.Interfaces;
using Microsoft.Extensions.Time.Testing;
using Orleans.Runtime.Messaging;
using Orleans.Storage;
using Polly;
using Polly.CircuitBreaker;
using Polly.Timeout;

namespace FwdLLM.DeviceAgent.Tests;

public sealed class DeviceResilienceTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly List<TimeSpan> _delays = [];
    private int _attempts;

    [Fact]
    public async Task Idempotent_call_is_tried_once_and_then_max_retries_times()
    {
        var options = new ResilienceOptions { MaxRetries = 3 };

        await Assert.ThrowsAsync<TimeoutException>(() => RunAsync(options, _ => throw new TimeoutException()));

        Assert.Equal(4, _attempts);
    }

    [Fact]
    public async Task Call_that_succeeds_on_the_third_attempt_returns_its_result()
    {
        var result = await RunAsync(new ResilienceOptions(), _ => _attempts < 3 ? throw new ConnectionFailedException("gone") : Task.FromResult(7));

        Assert.Equal((7, 3), (result, _attempts));
    }

    [Fact]
    public async Task Call_not_marked_idempotent_is_never_retried()
    {
        await Assert.ThrowsAsync<TimeoutException>(() => RunAsync(new ResilienceOptions(), _ => throw new TimeoutException(), idempotent: false));

        Assert.Equal(1, _attempts);
    }

    [Fact]
    public async Task Refusal_by_a_grain_is_not_retried()
    {
        await Assert.ThrowsAsync<VersionNotHeldException>(() => RunAsync(new ResilienceOptions(), _ => throw new VersionNotHeldException("job", 1, 2, 3)));

        Assert.Equal(1, _attempts);
    }

    [Fact]
    public void Storage_that_is_away_and_activations_that_met_are_worth_another_try_and_damage_is_not()
    {
        var away = new StorageUnavailableException("Redis did not answer");

        Assert.True(DeviceResilience.IsTransient(away));
        Assert.True(DeviceResilience.IsTransient(new OrleansException("could not activate", away)));
        Assert.True(DeviceResilience.IsTransient(new InconsistentStateException("changed by another activation")));
        Assert.False(DeviceResilience.IsTransient(new OrleansException("could not activate", new InvalidDataException("damaged"))));
    }

    [Fact]
    public void Trouble_of_the_runtime_is_worth_another_try_whether_or_not_it_has_a_type()
    {
        Assert.True(DeviceResilience.IsTransient(new OrleansException("Trying to register d/device-00024 on invalid silo: S127.0.0.1:32777:154812559. Known status: Dead")));
        Assert.False(DeviceResilience.IsTransient(new VersionNotHeldException("job", 1, 2, 3))); // Ours say by their type what to do.
    }

    [Fact]
    public async Task Cancellation_by_the_caller_is_not_retried()
    {
        using var source = new CancellationTokenSource();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => RunAsync(new ResilienceOptions(), token =>
        {
            source.Cancel();
            token.ThrowIfCancellationRequested();
            return Task.FromResult(0);
        }, caller: source));

        Assert.Equal(1, _attempts);
    }

    [Theory]
    [InlineData(0.0, 1.0)]
    [InlineData(0.5, 0.75)]
    [InlineData(1.0, 0.5)]
    public async Task Delays_double_up_to_the_longest_and_jitter_takes_at_most_its_part(double uniform, double factor)
    {
        var options = new ResilienceOptions { MaxRetries = 4, FirstRetryDelay = TimeSpan.FromSeconds(1), MaxRetryDelay = TimeSpan.FromSeconds(5), Jitter = 0.5 };

        await Assert.ThrowsAsync<GatewayTooBusyException>(() => RunAsync(options, _ => throw new GatewayTooBusyException(), random: () => uniform));

        Assert.Equal([1 * factor, 2 * factor, 4 * factor, 5 * factor], _delays.Select(delay => delay.TotalSeconds));
    }

    [Fact]
    public async Task Call_whose_gateway_was_lost_is_made_again_after_the_first_delay_however_often()
    {
        var options = new ResilienceOptions { MaxRetries = 3, FirstRetryDelay = TimeSpan.FromSeconds(1), MaxRetryDelay = TimeSpan.FromSeconds(5) };

        await Assert.ThrowsAsync<GatewayLostException>(() => RunAsync(options, _ => throw new GatewayLostException(), random: () => 0));

        Assert.Equal([1, 1, 1], _delays.Select(delay => delay.TotalSeconds));
    }

    [Fact]
    public async Task Hanging_attempt_is_abandoned_and_tried_again()
    {
        var options = new ResilienceOptions();
        var never = new TaskCompletionSource<int>();

        var result = await RunAsync(options, token => _attempts == 1 ? never.Task.WaitAsync(token) : Task.FromResult(1));

        Assert.Equal((1, 2), (result, _attempts));
    }

    [Fact]
    public async Task Deadline_ends_a_call_whose_retries_would_go_on()
    {
        var options = new ResilienceOptions { MaxRetries = 1000, CallDeadline = TimeSpan.FromSeconds(20), MaxRetryDelay = TimeSpan.FromSeconds(5) };

        var error = await Assert.ThrowsAsync<TimeoutRejectedException>(() => RunAsync(options, _ => throw new TimeoutException(), random: () => 0));

        // 0.25 + 0.5 + 1 + 2 + 4 + 5 + 5 = 17.75 s of delays lie before 20 s, the next would end after it.
        Assert.Equal(options.CallDeadline, error.Timeout);
        Assert.InRange(_attempts, 2, 8);
    }

    [Fact]
    public async Task Breaker_opens_after_enough_failures_and_lets_calls_through_after_its_pause()
    {
        var options = new ResilienceOptions { BreakerMinimumAttempts = 2 };
        var pipeline = DeviceResilience.Create(options, _time, () => 0.5);
        for (var call = 0; call < 2; call++)
            await Assert.ThrowsAsync<TimeoutException>(async () => await pipeline.ExecuteAsync<int>(_ => throw new TimeoutException(), TestContext.Current.CancellationToken));

        await Assert.ThrowsAsync<BrokenCircuitException>(async () => await pipeline.ExecuteAsync(_ => ValueTask.FromResult(1), TestContext.Current.CancellationToken));
        _time.Advance(options.BreakerPause);

        Assert.Equal(1, await pipeline.ExecuteAsync(_ => ValueTask.FromResult(1), TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Options_whose_long_poll_outlasts_the_response_timeout_are_refused()
    {
        var options = new ResilienceOptions { LongPollWait = TimeSpan.FromSeconds(6) };

        var error = Assert.Throws<ArgumentException>(options.Validate);

        Assert.Contains("LongPollWait is 00:00:06", error.Message, StringComparison.Ordinal);
        Assert.Contains("ResponseTimeout", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Default_options_are_valid() => new ResilienceOptions().Validate();

    private async Task<int> RunAsync(ResilienceOptions options, Func<CancellationToken, Task<int>> call, bool idempotent = true, Func<double>? random = null, CancellationTokenSource? caller = null)
    {
        var pipeline = DeviceResilience.Create(options, _time, random ?? (() => 0.5), (_, delay, _) => _delays.Add(delay));
        var context = ResilienceContextPool.Shared.Get(caller?.Token ?? TestContext.Current.CancellationToken);
        context.Properties.Set(DeviceResilience.Idempotent, idempotent);
        return await _time.DriveAsync(pipeline.ExecuteAsync(
            async attempt =>
            {
                _attempts++;
                return await call(attempt.CancellationToken);
            },
            context).AsTask());
    }
}
