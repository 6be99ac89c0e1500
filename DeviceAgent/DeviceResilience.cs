using FwdLLM.Grains.Interfaces;
using Orleans.Runtime.Messaging;
using Orleans.Storage;
using Polly;
using Polly.CircuitBreaker;
using Polly.Retry;
using Polly.Timeout;

namespace FwdLLM.DeviceAgent;

/// <summary>Builds the one pipeline every call to the cluster runs in: deadline → retry → circuit breaker → attempt timeout.</summary>
public static class DeviceResilience
{
    /// <summary>Set to true on a call's context when sending it twice changes nothing. Without it a call is never retried.</summary>
    public static readonly ResiliencePropertyKey<bool> Idempotent = new("fwdllm.idempotent");

    /// <summary>Creates the pipeline.</summary>
    /// <param name="options">Timings; validated here.</param>
    /// <param name="time">Clock of all delays and timeouts.</param>
    /// <param name="random">Uniform in [0, 1), for the jitter.</param>
    /// <param name="onRetry">Told about every retry: number of the failed attempt from 0, delay before the next, and the failure.</param>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    public static ResiliencePipeline Create(ResilienceOptions options, TimeProvider time, Func<double> random, Action<int, TimeSpan, Exception>? onRetry = null)
    {
        options.Validate();
        return new ResiliencePipelineBuilder { TimeProvider = time }
            .AddTimeout(options.CallDeadline)
            .AddRetry(new RetryStrategyOptions
            {
                MaxRetryAttempts = options.MaxRetries,
                ShouldHandle = call => ValueTask.FromResult(
                    call.Context.Properties.GetValue(Idempotent, false) && call.Outcome.Exception is { } failure && IsTransient(failure)),
                DelayGenerator = retry => ValueTask.FromResult<TimeSpan?>(RetryDelay(options, retry.Outcome.Exception is GatewayLostException ? 0 : retry.AttemptNumber, random())), // Another gateway is there at once.
                OnRetry = retry =>
                {
                    onRetry?.Invoke(retry.AttemptNumber, retry.RetryDelay, retry.Outcome.Exception!);
                    return ValueTask.CompletedTask;
                },
            })
            .AddCircuitBreaker(new CircuitBreakerStrategyOptions
            {
                FailureRatio = options.BreakerFailureRatio,
                MinimumThroughput = options.BreakerMinimumAttempts,
                SamplingDuration = options.BreakerWindow,
                BreakDuration = options.BreakerPause,
                // A lost connection fails many calls at once and says nothing about the other gateways.
                ShouldHandle = call => ValueTask.FromResult(call.Outcome.Exception is { } failure and not GatewayLostException && IsTransient(failure)),
            })
            .AddTimeout(options.AttemptTimeout)
            .Build();
    }

    /// <summary>
    /// Whether a failure says something about the way to the cluster rather than about the call: only these are worth a second try.
    /// A cancellation by the caller and everything a grain throws on purpose are not among them.
    /// </summary>
    public static bool IsTransient(Exception failure) => failure
        is TimeoutException
        or GatewayLostException
        or TimeoutRejectedException
        or BrokenCircuitException
        or OrleansMessageRejectionException
        or ConnectionFailedException
        or GatewayTooBusyException
        or LimitExceededException
        // Two activations of a grain met, as can be after a silo's death: the one that answered has left. And: the storage was away.
        or InconsistentStateException
        or StorageUnavailableException
        // The same, on the way through the activation of a grain.
        || (failure is OrleansException { InnerException: { } cause } && IsTransient(cause))
        // The runtime's own, without a type for it: a grain was to be registered on a silo that has just died, for example.
        || (failure is { InnerException: null } && failure.GetType() == typeof(OrleansException));

    /// <summary>Delay after failed attempt <paramref name="attempt"/> (from 0): min(max, first·2^attempt), less a random part.</summary>
    public static TimeSpan RetryDelay(ResilienceOptions options, int attempt, double uniform)
    {
        var delay = Math.Min(options.MaxRetryDelay.TotalSeconds, options.FirstRetryDelay.TotalSeconds * Math.Pow(2, attempt));
        return TimeSpan.FromSeconds(delay * (1 - options.Jitter * uniform));
    }
}
