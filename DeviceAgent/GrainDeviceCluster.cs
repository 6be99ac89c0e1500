using FwdLLM.Grains.Interfaces;
using Polly;

namespace FwdLLM.DeviceAgent;

/// <summary>
/// The cluster's grains behind a resilience pipeline. Works over a client's connection and over the client inside a silo alike.
/// Thread-safe: one serves all devices of a process.
/// </summary>
/// <param name="grains">The cluster.</param>
/// <param name="pipeline">Of <see cref="DeviceResilience"/>.</param>
/// <param name="nextLoss">Gives the token that is cancelled when a connection ends; null where there is none that could.</param>
public sealed class GrainDeviceCluster(IGrainFactory grains, ResiliencePipeline pipeline, Func<CancellationToken>? nextLoss = null) : IDeviceCluster
{
    /// <inheritdoc/>
    public Task<Welcome> EnrolAsync(string deviceId, Enrolment enrolment, CancellationToken cancellation) =>
        CallAsync(grains.GetGrain<IDeviceGrain>(deviceId), enrolment, static (device, argument) => device.Enrol(argument), cancellation);

    /// <inheritdoc/>
    public Task<CheckInReply> CheckInAsync(string deviceId, CheckIn request, CancellationToken cancellation) =>
        CallAsync(grains.GetGrain<IDeviceGrain>(deviceId), request, static (device, argument) => device.CheckIn(argument), cancellation);

    /// <inheritdoc/>
    public Task<Receipt> ContributeAsync(string deviceId, Contribution contribution, CancellationToken cancellation) =>
        CallAsync(grains.GetGrain<IDeviceGrain>(deviceId), contribution, static (device, argument) => device.Contribute(argument), cancellation);

    /// <inheritdoc/>
    public Task<SnapshotChunk> GetSnapshotAsync(string jobId, long version, int offset, CancellationToken cancellation) =>
        CallAsync(grains.GetGrain<IModelGrain>(jobId), (version, offset), static (model, argument) => model.GetSnapshot(argument.version, argument.offset), cancellation);

    /// <inheritdoc/>
    public Task<ModelChanges> GetChangesAsync(string jobId, long from, long version, int offset, CancellationToken cancellation) =>
        CallAsync(grains.GetGrain<IModelGrain>(jobId), (from, version, offset), static (model, argument) => model.GetChanges(argument.from, argument.version, argument.offset), cancellation);

    /// <summary>The job as it was submitted, or null when there is none of that id.</summary>
    public Task<JobSpec?> GetJobAsync(string jobId, CancellationToken cancellation) =>
        CallAsync(grains.GetGrain<IJobGrain>(jobId), jobId, static (job, _) => job.GetSpec(), cancellation);

    /// <summary>Any other call that changes nothing when it is made twice.</summary>
    public Task<T> CallAsync<T>(Func<IGrainFactory, Task<T>> call, CancellationToken cancellation) =>
        CallAsync(grains, call, static (factory, argument) => argument(factory), cancellation);

    // The grain calls carry no cancellation token (it would cost bytes on the wire); WaitAsync leaves an abandoned one to its response timeout.
    private async Task<TResult> CallAsync<TGrain, TArgument, TResult>(TGrain grain, TArgument argument, Func<TGrain, TArgument, Task<TResult>> call, CancellationToken cancellation)
    {
        var context = ResilienceContextPool.Shared.Get(continueOnCapturedContext: false, cancellation);
        context.Properties.Set(DeviceResilience.Idempotent, true);
        try
        {
            return await pipeline.ExecuteAsync(
                static async (attempt, state) =>
                {
                    using var stop = CancellationTokenSource.CreateLinkedTokenSource(attempt.CancellationToken, state.nextLoss?.Invoke() ?? CancellationToken.None);
                    try
                    {
                        return await state.call(state.grain, state.argument).WaitAsync(stop.Token);
                    }
                    catch (OperationCanceledException) when (!attempt.CancellationToken.IsCancellationRequested)
                    {
                        // By the watch, or by a silo that was stopping: the caller has cancelled nothing.
                        throw new GatewayLostException();
                    }
                },
                context,
                (grain, argument, call, nextLoss));
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }
    }
}
