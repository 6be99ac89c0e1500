using System.Globalization;
using System.Text.RegularExpressions;
using FwdLLM.DeviceAgent.Data;
using FwdLLM.Grains.Interfaces;
using FwdLLM.Learning.Tasks;
using FwdLLM.Learning.Training;
using FwdLLM.Modeling.Adapters;
using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Precision;

namespace FwdLLM.Cli.Settings;

/// <summary>Turns raw settings into a validated run. Every error is collected, so that one attempt shows them all.</summary>
public sealed partial class RunSettingsBuilder(RawSettings raw, BundledAssets assets, DateTimeOffset now)
{
    private readonly List<string> _errors = [];

    /// <summary>Checks everything that can be checked without reading the model and the data.</summary>
    /// <exception cref="InputException">All errors.</exception>
    public RunSettings Build()
    {
        var id = Id();
        var (train, test) = Data();
        var task = Task();
        var devices = (int)Whole("devices", 50, 1, 100_000);
        var settings = new RunSettings
        {
            Id = id,
            Task = task,
            PromptTemplate = PromptTemplate(task),
            Verbalizers = Verbalizers(task),
            Stride = Stride(task),
            Model = Model(),
            Train = train,
            Test = test,
            TextColumn = Text("text_column", "text"),
            LabelColumn = Text("label_column", "label"),
            SkipBadRows = Choice("skip_bad_rows", "false", ["true", "false"]) == "true",
            Split = Parsed("split", UsesBundledData ? DataSplit.Parse(BundledAssets.Split) : DataSplit.Iid, DataSplit.Parse).ToString(),
            Devices = devices,
            ExactDevices = Parsed("exact_devices", 0, text => ExactOption.Parse(text, devices)),
            Adapter = Parsed("adapter", AdapterSpec.Default, AdapterOption.Parse),
            Precision = Precision(),
            Algorithm = Algorithm(task),
            MaxTokens = (int)Whole("max_tokens", TaskDefaults.MaxTokens(task), 8, 8192),
            EvaluateEvery = (int)Whole("evaluate_every", 10, 0, 1_000_000),
            Schedule = Choice("schedule", "fixed", ["fixed", "adaptive"]) == "adaptive" ? ScheduleKind.Adaptive : ScheduleKind.Fixed,
            JournalRounds = Parsed("journal", 0, JournalOption.Parse),
            Threads = Threads(Environment.ProcessorCount),
            Output = Output(id),
            Export = Parsed("export", ExportOption.Default, ExportOption.Parse),
            Format = Format(OutputFormat.Table),
        };
        if (settings.Algorithm.Estimator == EstimatorKind.Exact)
        {
            if (raw["exact_devices"] is { } some && settings.ExactDevices != devices)
                _errors.Add($"{some.Where} is \"{some.Text}\", but with the estimator exact all {devices} devices compute exact gradients; leave one of the two out.");
            settings = settings with { ExactDevices = devices };
        }

        if (settings.Stride >= settings.MaxTokens)
            _errors.Add($"{raw["stride"]?.Where ?? "the stride"} is {settings.Stride}, but a window has only {settings.MaxTokens} tokens; give less, or raise --max-tokens.");
        if (settings.TextColumn == settings.LabelColumn)
            _errors.Add($"--text-column and --label-column are both \"{settings.TextColumn}\"; name two columns.");
        if (settings.Algorithm.Estimator is EstimatorKind.OneSided or EstimatorKind.Central && WeightFormats.QuantizesActivations(settings.Precision.Format))
            _errors.Add($"--precision {PrecisionOption.Format(settings.Precision)} rounds activations, which makes the loss a staircase: finite differences of it are noise. Give --estimator jvp, or a precision that rounds weights only, such as int8-weights.");
        return _errors.Count == 0 ? settings : throw new InputException(_errors);
    }

    /// <summary>The settings of a run that is continued, with the few that may change.</summary>
    /// <exception cref="InputException">All errors.</exception>
    public static RunSettings Adjust(RunSettings settings, RawSettings raw)
    {
        var builder = new RunSettingsBuilder(raw, BundledAssets.Installed, default);
        var adjusted = settings with { Threads = builder.Threads(settings.Threads), Format = builder.Format(settings.Format) };
        return builder._errors.Count == 0 ? adjusted : throw new InputException(builder._errors);
    }

    private bool UsesBundledData => raw["train"] is null && raw["test"] is null;

    private int Threads(int fallback) => (int)Whole("threads", fallback, 1, 1024);

    private OutputFormat Format(OutputFormat fallback) =>
        raw["format"] is null ? fallback : Choice("format", "table", ["table", "json"]) == "json" ? OutputFormat.Json : OutputFormat.Table;

    private string Id()
    {
        var id = raw["id"];
        if (id is null)
            return string.Create(CultureInfo.InvariantCulture, $"run-{now:yyyyMMdd-HHmmss}");
        if (!IdPattern().IsMatch(id.Text))
            _errors.Add($"{id.Where} is \"{id.Text}\"; give 1 to 64 of a-z, 0-9, '-', '.', '_', starting with a letter or digit.");
        return id.Text;
    }

    private string Model()
    {
        var path = raw["model"]?.Text ?? assets.Model;
        if (path is null)
            _errors.Add("no model comes with this build; name a checkpoint folder or GGUF file with --model.");
        else if (!Directory.Exists(path) && !(File.Exists(path) && path.EndsWith(Checkpoint.GgufExtension, StringComparison.OrdinalIgnoreCase)))
            _errors.Add($"{raw["model"]!.Where} is \"{path}\", which is not a folder or GGUF file; give the folder that holds config.json and model.safetensors, or a file that ends in {Checkpoint.GgufExtension}.");
        else if (Directory.Exists(path) && !File.Exists(Path.Combine(path, "config.json")))
            _errors.Add($"{raw["model"]!.Where} is \"{path}\", which has no config.json; give the folder of a Hugging Face checkpoint.");
        return path is null ? "" : Path.GetFullPath(path);
    }

    private PrecisionSpec Precision()
    {
        try
        {
            return PrecisionOption.Parse(raw["precision"]?.Text, raw["keep_float"]?.Text);
        }
        catch (InputException e)
        {
            _errors.AddRange(e.Errors);
            return PrecisionSpec.Float32;
        }
    }

    private (string Train, string Test) Data()
    {
        if (raw["train"] is null != raw["test"] is null)
            _errors.Add(raw["train"] is { } only ? $"{only.Where} is given without --test; give the held-out rows of the same task too." : $"{raw["test"]!.Where} is given without --train; give the training rows of the same task too.");
        return (DataFile("train", assets.Train), DataFile("test", assets.Test));
    }

    private string DataFile(string name, string? bundled)
    {
        var path = raw[name]?.Text ?? bundled;
        if (path is null)
            _errors.Add($"no {name} data comes with this build; name a file with --{name}.");
        else if (!File.Exists(path))
            _errors.Add($"{raw[name]!.Where} is \"{path}\", which {(Directory.Exists(path) ? "is a folder" : "does not exist")}; give a file of JSON Lines or CSV.");
        return path is null ? "" : Path.GetFullPath(path);
    }

    private TaskKind Task()
    {
        var task = TaskNames.Find(Choice("task", "classification", [.. TaskNames.All])) ?? TaskKind.Classification;
        if (task is TaskKind.QuestionAnswering or TaskKind.CausalLanguageModel && UsesBundledData)
            _errors.Add($"{raw["task"]!.Where} is {TaskNames.Of(task)}, but no such data comes with this build; name files with --train and --test.");
        foreach (var (name, only) in new[] { ("prompt_template", TaskKind.PromptClassification), ("verbalizers", TaskKind.PromptClassification), ("stride", TaskKind.QuestionAnswering) })
            if (task != only && raw[name] is { } value)
                _errors.Add($"{value.Where} is given, but the task is {TaskNames.Of(task)}; only the task {TaskNames.Of(only)} has it.");
        return task;
    }

    private string PromptTemplate(TaskKind task)
    {
        if (task != TaskKind.PromptClassification)
            return "";
        var value = raw["prompt_template"];
        if (value is null)
            _errors.Add($"the task prompt needs a prompt; give it with --prompt-template, with {Inference.PromptTemplate.Place} where the text goes.");
        else if (Inference.PromptTemplate.Problem(value.Text) is { } problem)
            _errors.Add($"{value.Where} {problem}");
        return value?.Text ?? "";
    }

    private IReadOnlyList<Verbalizer> Verbalizers(TaskKind task)
    {
        if (task == TaskKind.PromptClassification && raw["verbalizers"] is null)
            _errors.Add("the task prompt needs a word for each label; give them with --verbalizers label=word,…");
        return task == TaskKind.PromptClassification ? Parsed("verbalizers", (IReadOnlyList<Verbalizer>)[], Verbalizer.Parse) : [];
    }

    private int Stride(TaskKind task) => task == TaskKind.QuestionAnswering ? (int)Whole("stride", TaskDefaults.Stride, 0, 8191) : 0;

    private AlgorithmOptions Algorithm(TaskKind task)
    {
        var start = Choice("algorithm", "default", ["default", "fwdllm-reference"]) == "default" ? new AlgorithmOptions() : AlgorithmOptions.Reference;
        start = task.Suit(start);
        var estimator = raw["estimator"] is null ? start.Estimator : Choice("estimator", "jvp", ["jvp", "one-sided", "central", "exact"]) switch
        {
            "one-sided" => EstimatorKind.OneSided,
            "central" => EstimatorKind.Central,
            "exact" => EstimatorKind.Exact,
            _ => EstimatorKind.Jvp,
        };
        var seed = raw["seed"];
        ulong seedValue = start.Seed;
        if (seed is not null && !ulong.TryParse(seed.Text, NumberStyles.None, CultureInfo.InvariantCulture, out seedValue))
            _errors.Add($"{seed.Where} is \"{seed.Text}\"; give a whole number from 0 to {ulong.MaxValue}.");
        start = start with
        {
            Seed = seedValue,
            Estimator = estimator,
            MaxPasses = Whole("max_passes", UsesBundledData ? BundledAssets.Passes : start.MaxPasses, 0, long.MaxValue),
            MaxRounds = (int)Whole("max_rounds", start.MaxRounds, 0, 1_000_000),
        };
        var options = AlgorithmOption.Apply(start, raw.AlgorithmOptions, _errors);
        _errors.AddRange(task.Problems(options).Select(problem => $"{SettingKey.AlgorithmOptions}: {AlgorithmOption.SnakeCase(problem)}"));
        return options;
    }

    private string Output(string id)
    {
        var path = Path.GetFullPath(raw["out"]?.Text ?? Path.Combine("runs", id));
        if (File.Exists(path) || (Directory.Exists(path) && Directory.EnumerateFileSystemEntries(path).Any()))
            _errors.Add($"{raw["out"]?.Where ?? "the output folder"} is \"{path}\", which is not empty; name a new folder with --out, or go on with what is there: fwdllm run --continue {path}");
        return path;
    }

    private string Text(string name, string fallback)
    {
        var value = raw[name];
        if (value is { Text: "" })
            _errors.Add($"{value.Where} is empty; give a name.");
        return value?.Text ?? fallback;
    }

    private long Whole(string name, long fallback, long low, long high)
    {
        var value = raw[name];
        if (value is null)
            return fallback;
        if (long.TryParse(value.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= low && number <= high)
            return number;
        _errors.Add($"{value.Where} is \"{value.Text}\"; give a whole number from {low} {(high == long.MaxValue ? "up" : $"to {high}")}.");
        return fallback;
    }

    private string Choice(string name, string fallback, string[] choices)
    {
        var value = raw[name];
        if (value is null || choices.Contains(value.Text))
            return value?.Text ?? fallback;
        var nearest = NearestName.Find(value.Text, choices) is { } near ? $"did you mean {near}? " : "";
        _errors.Add($"{value.Where} is \"{value.Text}\"; {nearest}Give {string.Join(" or ", choices)}.".Replace("; G", "; g", StringComparison.Ordinal));
        return fallback;
    }

    private T Parsed<T>(string name, T fallback, Func<string, T> parse)
    {
        var value = raw[name];
        if (value is null)
            return fallback;
        try
        {
            return parse(value.Text);
        }
        catch (Exception e) when (e is DataException or InputException)
        {
            _errors.Add($"{value.Where}: {e.Message}");
            return fallback;
        }
    }

    [GeneratedRegex("^[a-z0-9][a-z0-9._-]{0,63}$")]
    private static partial Regex IdPattern();
}
