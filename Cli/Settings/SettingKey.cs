using FwdLLM.Modeling.Exports;

namespace FwdLLM.Cli.Settings;

/// <summary>One setting of a run: an option of the command line and a key of the job file.</summary>
/// <param name="Name">Key in the job file, in snake_case.</param>
/// <param name="Value">What it takes, for the help; null for a switch.</param>
/// <param name="Help">One sentence, with its default.</param>
public sealed record SettingKey(string Name, string? Value, string Help)
{
    /// <summary>Key under which the recipe's own options stand in a job file.</summary>
    public const string AlgorithmOptions = "algorithm_options";

    /// <summary>Every setting, in the order of the help.</summary>
    public static IReadOnlyList<SettingKey> All { get; } =
    [
        new("model", "DIR", "Checkpoint folder (config.json, model.safetensors, tokenizer). Default: the model that comes with fwdllm."),
        new("train", "FILE", "Training rows: JSON Lines or CSV, plain or gzipped. Default: the set that comes with fwdllm."),
        new("test", "FILE", "Held-out rows, in the same form. Default: the set that comes with fwdllm; needed with --train."),
        new("task", "KIND", "What is taught: classification, qa (SQuAD), causal-lm (prompts with answers) or prompt (a causal model's word for each label). Default: classification."),
        new("prompt_template", "TEXT", "The prompt of the task prompt, with {text} where the text goes."),
        new("verbalizers", "LABEL=WORD,…", "The word that stands for each label in the task prompt; its first token counts."),
        new("stride", "N", "Context tokens that neighbouring windows of a question share. Default: 128."),
        new("text_column", "NAME", "Column or key of the text. Default: text."),
        new("label_column", "NAME", "Column or key of the label. Default: label."),
        new("skip_bad_rows", null, "Leave out rows that cannot be read instead of refusing the file."),
        new("split", "SPLIT", "How rows are dealt to devices: iid, dirichlet:ALPHA (skewed labels) or by:COLUMN (by owner). Default: iid."),
        new("devices", "N", "Number of devices, 1 to 100000. Default: 50."),
        new("exact_devices", "N|FRACTION", "How many devices compute exact gradients instead of directional derivatives: a number, or with a decimal point a fraction. Default: 0."),
        new("algorithm", "NAME", "Recipe: default, or fwdllm-reference for the published one. Default: default."),
        new("adapter", "KIND[:NUMBER][@LAYER]", $"What is trained: {AdapterOption.Kinds}. Default: lora-xs:8."),
        new("precision", "FORMAT", "Weights of the model: fp32, int8 (activations too), int8-weights or int4; int8-weights-fast and int4-fast round activations as well. Default: fp32."),
        new("keep_float", "LAYERS", "Layers that stay in fp32, with commas between, for example output; or auto: as many as the admission test needs. Default: none."),
        new("estimator", "KIND", "Directional derivatives: jvp (exact), one-sided or central (finite differences); or exact: no probes, every device backpropagates. Default: the recipe's."),
        new("seed", "N", "Seed of every random choice; same seed, same result. Default: 1."),
        new("max_passes", "N", "Stop when so many forward passes (of 8 examples) are spent; 0 for no limit. Default: the recipe's."),
        new("max_rounds", "N", "Stop after so many rounds. Default: the recipe's."),
        new("max_tokens", "N", "Token limit per example or window, 8 to 8192. Default: 64; 384 for qa, 512 for causal-lm, 128 for prompt."),
        new("evaluate_every", "N", "Evaluate after every N rounds; 0 only after the head fit and at the end. Default: 10."),
        new("schedule", "KIND", "fixed (repeatable) or adaptive (load by measured speed, quorum, deadline). Default: fixed."),
        new("journal", "all|last:N", "Journal kept for replays: all of it, or the last N rounds at least and a checkpoint before them. Default: all."),
        new("threads", "N", "Threads for computing. Default: one per processor."),
        new("id", "NAME", "Name of the job: 1 to 64 of a-z, 0-9, '-', '.', '_'. Default: run- and the time."),
        new("out", "DIR", "Folder for results; must be new or empty. Default: runs/ID."),
        new("export", "LIST", $"Formats to write the result in, separated by commas: {string.Join(", ", ExportFormats.Names)}. Default: peft."),
        new("format", "FORMAT", "Standard output: table, or json for exactly one JSON object. Default: table."),
    ];

    /// <summary>The option's name on the command line.</summary>
    public string Option => "--" + Name.Replace('_', '-');
}
