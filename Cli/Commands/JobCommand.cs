using System.CommandLine;
using FwdLLM.Cli.Jobs;
using FwdLLM.Cli.Running;
using FwdLLM.Cli.Settings;
using FwdLLM.Cli.Views;
using FwdLLM.Grains.Interfaces;
using FwdLLM.Modeling.Checkpoints;

namespace FwdLLM.Cli.Commands;

/// <summary><c>fwdllm job</c>: jobs on a cluster.</summary>
internal sealed class JobCommand(CliContext context)
{
    private readonly Option<string[]> _gateways = new("--gateway") { Description = "Gateway of a silo, host:port; several give failover. Default: 127.0.0.1:30000.", HelpName = "HOST:PORT", AllowMultipleArgumentsPerToken = true };
    private readonly Argument<string> _file = new("FILE") { Description = "Job file (YAML)." };
    private readonly Argument<string> _id = new("ID") { Description = "Job id." };

    public static Command Create(CliContext context)
    {
        var commands = new JobCommand(context);
        var command = new Command("job", "Jobs on a cluster.");
        command.Subcommands.Add(commands.CreateValidate());
        command.Subcommands.Add(commands.CreateSubmit());
        command.Subcommands.Add(commands.CreateForJob("status", "Show where a job stands.\n\nExample: fwdllm job status mail-tone --gateway silo1:30000", commands.StatusAsync));
        command.Subcommands.Add(commands.CreateForJob("watch", "Follow a job until it ends. Ctrl-C stops watching, not the job.\n\nExample: fwdllm job watch mail-tone --gateway silo1:30000", commands.WatchAsync));
        command.Subcommands.Add(commands.CreateForJob("pause", "Pause a job after its open round; submitting the same file again goes on.\n\nExample: fwdllm job pause mail-tone --gateway silo1:30000", commands.PauseAsync));
        return command;
    }

    private Command CreateValidate()
    {
        var command = new Command("validate", "Check a job file completely: keys, values, model and every row of its data. Starts nothing.\n\nExample: fwdllm job validate job.yaml") { _file };
        command.SetAction(parsed =>
        {
            var settings = Read(parsed);
            using var model = Checkpoint.Open(settings.Model);
            var data = RunData.Load(settings);
            var sizes = data.Shards.Select(shard => shard.Length);
            context.Output.WriteLine($"{parsed.GetRequiredValue(_file)} is valid: job {settings.Id}, {settings.Algorithm.Name}, {AdapterOption.Format(settings.Adapter)}, {data.Labels.Labels.Count} labels; "
                + $"{Quantity.Count(data.Train.Rows.Count)} training rows on {settings.Devices} devices ({sizes.Min()} to {sizes.Max()} each, {settings.Split}), {Quantity.Count(data.Test.Rows.Count)} held out, {data.Train.SkippedCount + data.Test.SkippedCount} left out.");
            return ExitCodes.Success;
        });
        return command;
    }

    private Command CreateSubmit()
    {
        var artifacts = new Option<string>("--artifacts") { Description = "Folder of compiled models that the silo serves; the model is compiled into it when it is not there.", HelpName = "DIR", Required = true };
        var command = new Command("submit", "Validate a job file, compile its model, and start it on a cluster. The same file again continues the job.\n\nExample: fwdllm job submit job.yaml --artifacts artifacts --gateway silo1:30000") { _file, artifacts, _gateways };
        command.SetAction(async (parsed, cancellation) =>
        {
            var settings = Read(parsed);
            var labels = RunData.Load(settings).Labels.Labels;
            var model = ArtifactFolder.Add(settings.Model, settings.Adapter, parsed.GetRequiredValue(artifacts));
            await using var cluster = await ConnectAsync(parsed, cancellation);
            Write(settings.Id, await cluster.SubmitAsync(JobSpecFactory.Create(settings, labels, model), cancellation));
            return ExitCodes.Success;
        });
        return command;
    }

    private Command CreateForJob(string name, string description, Func<IJobCluster, string, CancellationToken, Task<int>> action)
    {
        var command = new Command(name, description) { _id, _gateways };
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var cluster = await ConnectAsync(parsed, cancellation);
            return await action(cluster, parsed.GetRequiredValue(_id), cancellation);
        });
        return command;
    }

    private async Task<int> StatusAsync(IJobCluster cluster, string id, CancellationToken cancellation) => Write(id, await cluster.StatusAsync(id, -1, cancellation));

    private async Task<int> PauseAsync(IJobCluster cluster, string id, CancellationToken cancellation)
    {
        await cluster.PauseAsync(id, cancellation);
        return Write(id, await cluster.StatusAsync(id, -1, cancellation));
    }

    private async Task<int> WatchAsync(IJobCluster cluster, string id, CancellationToken cancellation)
    {
        var started = context.Time.GetTimestamp();
        IRunView view = context.Interactive ? new LiveRunView(context.CreateConsole(), context.Time, id) : new PlainRunView(context.Error, context.Time);
        var last = await view.ShowAsync(async observer =>
        {
            var status = await cluster.StatusAsync(id, -1, cancellation);
            while (true)
            {
                observer.Report(JobProgress.From(status, context.Time.GetElapsedTime(started)));
                if (JobProgress.Ended(status))
                    return status;
                status = await cluster.StatusAsync(id, status.Revision, cancellation);
            }
        });
        return Write(id, last);
    }

    private int Write(string id, JobStatus status)
    {
        if (status.Phase == JobPhase.Unknown)
            throw new InputException($"the cluster knows no job \"{id}\"; check the id, or submit it with fwdllm job submit.");
        context.Output.WriteLine($"{id}: {PlainRunView.Line(JobProgress.From(status, TimeSpan.Zero))}");
        return status.Phase == JobPhase.Failed ? ExitCodes.Failed : ExitCodes.Success;
    }

    private RunSettings Read(ParseResult parsed)
    {
        var raw = JobFile.Read(parsed.GetRequiredValue(_file));
        // A job that is submitted again must have the same id.
        raw["id"] ??= new RawValue(Path.GetFileNameWithoutExtension(parsed.GetRequiredValue(_file)).ToLowerInvariant(), "the job file's name, used as id,");
        return new RunSettingsBuilder(raw, context.Assets, context.Time.GetLocalNow()).Build();
    }

    private Task<IJobCluster> ConnectAsync(ParseResult parsed, CancellationToken cancellation) =>
        context.Jobs.ConnectAsync(parsed.GetValue(_gateways) is { Length: > 0 } gateways ? gateways : ["127.0.0.1:30000"], cancellation);
}
