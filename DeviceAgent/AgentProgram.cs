using FwdLLM.DeviceAgent.Faults;
using FwdLLM.Grains.Interfaces;
using FwdLLM.Learning.Tasks;
using FwdLLM.Learning.Training;
using Orleans.Runtime.Messaging;

namespace FwdLLM.DeviceAgent;

/// <summary>The agent as a program: connect, run the fleet, report, and end with the right code.</summary>
public static class AgentProgram
{
    /// <summary>Runs the command line.</summary>
    /// <param name="args">Command line.</param>
    /// <param name="compose">Makes the workers: see <see cref="AgentComposition.Create"/>.</param>
    /// <param name="time">Clock.</param>
    /// <param name="random">Uniform in [0, 1), thread-safe.</param>
    /// <param name="output">What people read.</param>
    /// <param name="error">Errors, one each.</param>
    /// <returns>One of <see cref="ExitCodes"/>.</returns>
    public static async Task<int> RunAsync(
        string[] args,
        Func<AgentArguments, Func<JobSpec, CancellationToken, Task<string>>, IWorkerFactory> compose,
        TimeProvider time,
        Func<double> random,
        TextWriter output,
        TextWriter error)
    {
        var command = new AgentCommand((arguments, cancellation) => ExecuteAsync(arguments, compose, time, random, output, error, cancellation));
        var parsed = command.Root.Parse(args);
        var code = await parsed.InvokeAsync(new() { Output = output, Error = error });
        return parsed.Errors.Count > 0 ? ExitCodes.Usage : code;
    }

    private static async Task<int> ExecuteAsync(
        AgentArguments arguments,
        Func<AgentArguments, Func<JobSpec, CancellationToken, Task<string>>, IWorkerFactory> compose,
        TimeProvider time,
        Func<double> random,
        TextWriter output,
        TextWriter error,
        CancellationToken cancellation)
    {
        using var http = new HttpClient();
        var downloader = new ArtifactDownloader(http, arguments.ArtifactsFolder);
        try
        {
            IWorkerFactory Compose(ulong seed, TaskKind task) =>
                compose(arguments with { SplitSeed = seed, Task = task }, (job, stop) => downloader.EnsureAsync(arguments.ArtifactsUrl, job.Model.ManifestSha256, stop));

            // With the seed at hand, data that cannot be used is reported before anything is asked of the cluster.
            var workers = arguments.SplitSeed is { } given ? Compose(given, arguments.Task ?? TaskKind.Classification) : null;
            await using var client = await DeviceClient.ConnectAsync(arguments.Cluster, time, random, cancellation: cancellation);
            if (workers is null)
            {
                var job = await JobAsync(client, arguments.Fleet.JobId, cancellation);
                workers = Compose(AlgorithmOptions.FromJson(job.Algorithm).Seed, arguments.Task ?? (TaskKind)job.Task.Kind);
            }

            var cluster = arguments.MessageFaults is { } faults ? new FaultyDeviceCluster(client.Cluster, faults, time) : client.Cluster;
            if (arguments.MessageFaults is not null) await error.WriteLineAsync($"THIS AGENT IS TEST EQUIPMENT: it treats its messages as it was told to: {arguments.MessageFaults}");
            await using var receipts = arguments.ReceiptsFile is { } file ? new ReceiptLog(cluster, file) : null;
            var fleet = new DeviceFleet(arguments.Fleet, receipts ?? cluster, workers, time, random);
            fleet.Statistics.Trouble = new TroubleLines(error, time).Write;
            await output.WriteLineAsync($"{arguments.Fleet.DeviceCount} of {arguments.TotalDevices} devices, job {arguments.Fleet.JobId}, {arguments.Cluster}");
            var ends = await fleet.RunAsync(cancellation);
            await output.WriteLineAsync($"{fleet.Statistics.Accepted} contributions accepted, {fleet.Statistics.Late} late, {fleet.Statistics.Refused} refused; {client.Meter.BytesSent} bytes up, {client.Meter.BytesReceived} bytes down");
            var refusals = ends.Where(end => end.Refusal is not null).ToList();
            foreach (var end in refusals)
                await error.WriteLineAsync($"{end.DeviceId} was refused: {end.Refusal}");
            return refusals.Count > 0 ? ExitCodes.Refused : ExitCodes.Success;
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return ExitCodes.Cancelled;
        }
        catch (Exception failure) when (failure is OperationCanceledException or AgentException or ArtifactException or ConnectionFailedException or ArgumentException or InvalidDataException or IOException or UnauthorizedAccessException or OrleansException || DeviceResilience.IsTransient(failure))
        {
            await error.WriteLineAsync($"device-agent: {failure.Message}");
            return ExitCodes.Failure;
        }
    }

    private static async Task<JobSpec> JobAsync(DeviceClient client, string jobId, CancellationToken cancellation) =>
        await client.GetJobAsync(jobId, cancellation)
            ?? throw new AgentException($"there is no job '{jobId}' in the cluster; submit it first, or check the id.");
}
