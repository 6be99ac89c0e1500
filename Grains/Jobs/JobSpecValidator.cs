using FwdLLM.Grains.Interfaces;
using FwdLLM.Learning.Tasks;
using FwdLLM.Learning.Training;

namespace FwdLLM.Grains;

/// <summary>Every rule a job spec must keep; gives all problems at once.</summary>
public static class JobSpecValidator
{
    /// <summary>Most parameters of an adapter, features, classes and devices this system is built for.</summary>
    public const int MostParameters = 100_000_000, MostFeatures = 65_536, MostLabels = 10_000, MostDevices = 10_000_000, MostTokens = 8_192;

    /// <summary>Problems, each naming the key, its value and the remedy; empty when the job can start.</summary>
    public static IReadOnlyList<string> Problems(JobSpec spec)
    {
        var problems = new List<string>();
        if (!IsId(spec.Id)) problems.Add($"id is '{spec.Id}'; give 1 to 64 of a-z, 0-9, '-', '.', '_'.");
        Model(spec.Model, problems);
        Task(spec, problems);
        Range("maxTokens", spec.MaxTokens, 1, MostTokens, problems);
        Range("evaluateEvery", spec.EvaluateEvery, 0, 1_000_000, problems);
        Range("journalRounds", spec.JournalRounds, 0, 1_000_000, problems);
        Cohort(spec.Cohort, problems);
        Algorithm(spec, problems);
        return problems;
    }

    /// <summary>Throws unless there are no <see cref="Problems"/>.</summary>
    /// <exception cref="JobInvalidException">Has all of them.</exception>
    public static void ThrowIfInvalid(JobSpec spec)
    {
        var problems = Problems(spec);
        if (problems.Count > 0) throw new JobInvalidException(spec.Id, problems);
    }

    /// <summary>Whether this can be a job id.</summary>
    public static bool IsId(string? id) =>
        id is { Length: >= 1 and <= 64 } && id.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '-' or '.' or '_');

    private static void Model(ModelReference model, List<string> problems)
    {
        if (model.ManifestSha256 is not { Length: 64 } sha || !sha.All(char.IsAsciiHexDigitLower))
            problems.Add($"model.manifestSha256 is '{model.ManifestSha256}'; give the 64 lower-case hex digits that 'fwdllm model add' printed.");
        Range("model.featureSize", model.FeatureSize, 1, MostFeatures, problems);
        if (model.Blocks.Count == 0) problems.Add("model.blocks is empty; compile the model with an adapter.");
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var block in model.Blocks)
        {
            if (string.IsNullOrEmpty(block.Name) || !names.Add(block.Name)) problems.Add($"model.blocks has '{block.Name}' twice or without a name; name each block once.");
            Range($"model.blocks '{block.Name}' length", block.Length, 1, MostParameters, problems);
            if (!(block.InitialBound >= 0 && float.IsFinite(block.InitialBound)))
                problems.Add($"model.blocks '{block.Name}' initialBound is {block.InitialBound}; give a finite number from 0.");
        }

        var total = model.Blocks.Sum(b => (long)b.Length);
        if (total > MostParameters) problems.Add($"model.blocks have {total} parameters; at most {MostParameters} can be trained: choose a smaller adapter.");
    }

    private static void Task(JobSpec spec, List<string> problems)
    {
        var task = (TaskKind)spec.Task.Kind;
        if (!Enum.IsDefined(task))
        {
            problems.Add($"task.kind is {spec.Task.Kind}, which this cluster does not know; update the cluster.");
            return;
        }

        if (task.HasLabels()) Labels(spec.Labels, problems);
        else if (spec.Labels.Count > 0) problems.Add($"labels has {spec.Labels.Count} names, but the task {TaskNames.Of(task)} has no labels; leave them out.");
        Range("task.stride", spec.Task.Stride, 0, Math.Max(0, spec.MaxTokens - 1), problems);
        if (task != TaskKind.PromptClassification) return;
        if (spec.Task.Verbalizers.Count != spec.Labels.Count)
            problems.Add($"task.verbalizers has {spec.Task.Verbalizers.Count} words for {spec.Labels.Count} labels; give one for each.");
        if (spec.Task.PromptTemplate.Split("{text}").Length != 2)
            problems.Add($"task.promptTemplate is '{spec.Task.PromptTemplate}'; put {{text}} in it where the text goes, once.");
    }

    private static void Labels(IReadOnlyList<string> labels, List<string> problems)
    {
        Range("labels (count)", labels.Count, 2, MostLabels, problems);
        foreach (var twice in labels.GroupBy(l => l, StringComparer.Ordinal).Where(g => g.Count() > 1))
            problems.Add($"labels has '{twice.Key}' {twice.Count()} times; name each class once.");
        if (labels.Any(string.IsNullOrWhiteSpace)) problems.Add("labels has an empty name; name every class.");
    }

    private static void Cohort(CohortSpec cohort, List<string> problems)
    {
        Range("cohort.expectedDevices", cohort.ExpectedDevices, 1, MostDevices, problems);
        if (!Enum.IsDefined(cohort.Schedule)) problems.Add($"cohort.schedule is {(int)cohort.Schedule}; give fixed or adaptive.");
        if (!(cohort.Quorum is > 0 and <= 1)) problems.Add($"cohort.quorum is {cohort.Quorum}; give a fraction above 0, up to 1.");
        if (!(cohort.OverSelection is >= 1 and <= 4)) problems.Add($"cohort.overSelection is {cohort.OverSelection}; give a factor from 1 to 4.");
        if (cohort.Deadline < TimeSpan.FromSeconds(1) || cohort.Deadline > TimeSpan.FromDays(7))
            problems.Add($"cohort.deadline is {cohort.Deadline}; give a time from 1 second to 7 days.");
    }

    private static void Algorithm(JobSpec spec, List<string> problems)
    {
        try
        {
            var options = AlgorithmOptions.FromJson(spec.Algorithm);
            if (spec.Model.RoundsActivations && options.Estimator is EstimatorKind.OneSided or EstimatorKind.Central)
                problems.Add($"algorithm.estimator is {options.Estimator} but the model rounds its activations: its loss is a staircase, and finite differences of it are noise. Use Jvp, or a model that rounds weights only.");
            var cohort = options.CohortSize;
            var (task, head) = ((TaskKind)spec.Task.Kind, TrainingContext.ReadHead(spec.Task.StartHead));
            problems.AddRange(task.Problems(options).Select(problem => $"algorithm: {problem}"));
            var length = (long)task.Outputs(spec.Labels.Count) * (spec.Model.FeatureSize + 1L);
            if (spec.Task.StartHead.Length > 0 && (spec.Task.StartHead.Length != length * sizeof(float) || !Array.TrueForAll(head, float.IsFinite)))
                problems.Add($"task.startHead has {spec.Task.StartHead.Length} bytes; give {length} finite float32 numbers, or none.");
            if (cohort > spec.Cohort.ExpectedDevices)
                problems.Add($"algorithm.cohortSize is {cohort} but cohort.expectedDevices only {spec.Cohort.ExpectedDevices}; wait for more devices or invite fewer.");
        }
        catch (ArgumentException e)
        {
            problems.Add($"algorithm: {e.Message}");
        }
    }

    private static void Range(string key, long value, long low, long high, List<string> problems)
    {
        if (value < low || value > high) problems.Add($"{key} is {value}; give a number from {low} to {high}.");
    }
}
