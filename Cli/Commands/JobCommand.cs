using System.CommandLine;
using FwdLLM.Cli.Jobs;
using FwdLLM.Cli.Running;
using FwdLLM.Cli.Settings;
using FwdLLM.Cli.Views;
using FwdLLM.DeviceAgent;
using FwdLLM.Grains.Interfaces;
using FwdLLM.Learning.Tasks;
using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Compilation;
using FwdLLM.Modeling.Exports;

namespace FwdLLM.Cli.Commands;

/// <summary><c>fwdllm job</c>: jobs on a cluster.</summary>
internal sealed class JobCommand(CliContext context)
{
    private readonly ClusterArguments _cluster = new();
    private readonly Option<string> _format = new("--format") { Description = "table or json: one object on one line. Default: table.", HelpName = "FORMAT" };
    private readonly Argument<string> _file = new("FILE") { Description = "Job file (YAML)." };
    private readonly Argument<string> _id = new("ID") { Description = "Job id." };

    public static Command Create(CliContext context)
    {
        var commands = new JobCommand(context);
        var command = new Command("job", "Jobs on a cluster.");
        command.Subcommands.Add(commands.CreateValidate());
        command.Subcommands.Add(commands.CreateSubmit());
        command.Subcommands.Add(commands.CreateForJob("status", "Show where a job stands.\n\nExample: fwdllm job status mail-tone --gateway silo1:30000", StatusAsync));
        command.Subcommands.Add(commands.CreateForJob("watch", "Follow a job until it ends. Ctrl-C stops watching, not the job.\n\nExample: fwdllm job watch mail-tone --gateway silo1:30000", commands.WatchAsync));
        command.Subcommands.Add(commands.CreateForJob("pause", "Pause a job after its open round; submitting the same file again goes on.\n\nExample: fwdllm job pause mail-tone --gateway silo1:30000", PauseAsync));
        command.Subcommands.Add(commands.CreateExport());
        return command;
    }

    private Command CreateExport()
    {
        var artifacts = new Option<string>("--artifacts") { Description = "Folder of compiled models that the silo serves, as given to job submit.", HelpName = "DIR", Required = true };
        var (formats, target) = (ExportCommand.FormatOption(), ExportCommand.TargetOption());
        var command = new Command("export", "Write a job's newest version for other programs, as fwdllm export does a run's result.\n\nExample: fwdllm job export mail-tone --artifacts artifacts --format peft,onnx --target mail-tone-model") { _id, artifacts, formats, target };
        AddCluster(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            var id = parsed.GetRequiredValue(_id);
            var names = ExportCommand.Formats(parsed, formats);
            var folder = ExportCommand.Target(parsed, target);
            await using var cluster = await ConnectAsync(parsed, cancellation);
            if (await cluster.ExportAsync(id, cancellation) is not { } version)
                throw new InputException($"job {id} has no model yet on this cluster; see fwdllm job status {id}.");
            var compiled = Path.Combine(parsed.GetRequiredValue(artifacts), version.Job.Model.ManifestSha256);
            if (!Directory.Exists(compiled))
                throw new InputException($"--artifacts is \"{parsed.GetRequiredValue(artifacts)}\", which does not hold the job's model {version.Job.Model.ManifestSha256}; give the folder that job submit was given.");
            var (job, snapshot) = version;
            ExportFormats.Write(names, TrainedModel.From(CompiledModel.Open(compiled), snapshot, (TaskKind)job.Task.Kind, job.Labels, job.MaxTokens, job.Model.ManifestSha256), folder);
            context.Output.WriteLine($"{folder}: version {snapshot.Version} of job {id} as {string.Join(", ", names)}");
            return ExitCodes.Success;
        });
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
            context.Output.WriteLine($"{parsed.GetRequiredValue(_file)} is valid: job {settings.Id}, {settings.Algorithm.Name}, {AdapterOption.Format(settings.Adapter)}, {(settings.Task.HasLabels() ? $"{data.Labels.Count} labels" : TaskNames.Of(settings.Task))}; "
                + $"{Quantity.Count(data.Train.Rows.Rows.Count)} training rows on {settings.Devices} devices ({sizes.Min()} to {sizes.Max()} each, {settings.Split}), {Quantity.Count(data.Test.Rows.Rows.Count)} held out, {data.Train.Rows.SkippedCount + data.Test.Rows.SkippedCount} left out.");
            return ExitCodes.Success;
        });
        return command;
    }

    private Command CreateSubmit()
    {
        var artifacts = new Option<string>("--artifacts") { Description = "Folder of compiled models that the silo serves; the model is compiled into it when it is not there.", HelpName = "DIR", Required = true };
        var command = new Command("submit", "Validate a job file, compile its model, and start it on a cluster. The same file again continues the job.\n\nExample: fwdllm job submit job.yaml --artifacts artifacts --gateway silo1:30000") { _file, artifacts };
        AddCluster(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            var settings = Read(parsed);
            var data = RunData.Load(settings);
            var head = VerbalizerHead.Read(settings, data.Labels);
            var model = ArtifactFolder.Add(settings.Model, settings.Adapter, settings.Precision, () => data.Train.Texts, parsed.GetRequiredValue(artifacts), context.Error.WriteLine, settings.ExactDevices > 0, TaskDefaults.Pooling(settings.Task));
            await using var cluster = await ConnectAsync(parsed, cancellation);
            Write(settings.Id, await cluster.SubmitAsync(JobSpecFactory.Create(settings, data.Labels, head, model), cancellation), json: false);
            return ExitCodes.Success;
        });
        return command;
    }

    private Command CreateForJob(string name, string description, Func<IJobCluster, string, bool, CancellationToken, Task<JobStatus>> action)
    {
        var command = new Command(name, description) { _id, _format };
        AddCluster(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            var json = IsJson(parsed.GetValue(_format) ?? "table");
            var id = parsed.GetRequiredValue(_id);
            await using var cluster = await ConnectAsync(parsed, cancellation);
            return Write(id, await action(cluster, id, json, cancellation), json);
        });
        return command;
    }

    private static Task<JobStatus> StatusAsync(IJobCluster cluster, string id, bool json, CancellationToken cancellation) => cluster.StatusAsync(id, -1, cancellation);

    private static async Task<JobStatus> PauseAsync(IJobCluster cluster, string id, bool json, CancellationToken cancellation)
    {
        await cluster.PauseAsync(id, cancellation);
        return await cluster.StatusAsync(id, -1, cancellation);
    }

    private async Task<JobStatus> WatchAsync(IJobCluster cluster, string id, bool json, CancellationToken cancellation)
    {
        var started = context.Time.GetTimestamp();
        IRunView view = context.Interactive && !json ? new LiveRunView(context.CreateConsole(), context.Time, id) : new PlainRunView(context.Error, context.Time);
        return await view.ShowAsync(async observer =>
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
    }

    private static bool IsJson(string format) =>
        format is "table" or "json" ? format == "json" : throw new InputException($"--format is \"{format}\"; give table or json.");

    private int Write(string id, JobStatus status, bool json)
    {
        if (status.Phase == JobPhase.Unknown)
            throw new InputException($"the cluster knows no job \"{id}\"; check the id, or submit it with fwdllm job submit.");
        context.Output.WriteLine(json ? JobSummary.From(id, status).ToJson() : $"{id}: {PlainRunView.Line(JobProgress.From(status, TimeSpan.Zero))}");
        if (!json && status is { Phase: JobPhase.Finished, Model: { } model })
            context.Output.WriteLine($"{id}: adapter SHA-256 {model.AdapterSha256}");
        return status.Phase == JobPhase.Failed ? ExitCodes.Failed : ExitCodes.Success;
    }

    private RunSettings Read(ParseResult parsed)
    {
        var raw = JobFile.Read(parsed.GetRequiredValue(_file));
        // A job that is submitted again must have the same id.
        raw["id"] ??= new RawValue(Path.GetFileNameWithoutExtension(parsed.GetRequiredValue(_file)).ToLowerInvariant(), "the job file's name, used as id,");
        return new RunSettingsBuilder(raw, context.Assets, context.Time.GetLocalNow()).Build();
    }

    private void AddCluster(Command command)
    {
        foreach (var option in _cluster.All)
            command.Options.Add(option);
    }

    private Task<IJobCluster> ConnectAsync(ParseResult parsed, CancellationToken cancellation)
    {
        try
        {
            return context.Jobs.ConnectAsync(_cluster.Read(parsed), cancellation);
        }
        catch (ArgumentException e)
        {
            throw new InputException(e.Message);
        }
    }
}
