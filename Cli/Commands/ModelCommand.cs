using System.CommandLine;
using System.Globalization;
using FwdLLM.Cli.Settings;
using FwdLLM.Cli.Views;
using FwdLLM.Learning.Tasks;
using FwdLLM.Modeling.Compaction;

namespace FwdLLM.Cli.Commands;

/// <summary><c>fwdllm model</c>: prepares checkpoints.</summary>
internal static class ModelCommand
{
    public static Command Create(CliContext context)
    {
        var command = new Command("model", "Prepare models.");
        command.Subcommands.Add(CreateAdd(context));
        command.Subcommands.Add(CreateCompact(context));
        return command;
    }

    private static Command CreateAdd(CliContext context)
    {
        var model = new Argument<string>("DIR") { Description = "Checkpoint folder: config.json, model.safetensors, tokenizer." };
        var adapter = new Option<string>("--adapter") { Description = $"Adapter to compile in: {AdapterOption.Kinds}. Default: lora-xs:8.", HelpName = "KIND[:NUMBER][@LAYER]" };
        var artifacts = new Option<string>("--artifacts") { Description = "Folder of compiled models that the silo serves.", HelpName = "DIR", Required = true };
        var precision = new Option<string>("--precision") { Description = "Weights: fp32, int8, int8-weights, int4, int8-weights-fast or int4-fast. All but fp32 are tested before they are added. Default: fp32.", HelpName = "FORMAT" };
        var keep = new Option<string>("--keep-float") { Description = "Layers that stay in fp32, with commas between, or auto: as many as the test needs. Default: none.", HelpName = "LAYERS" };
        var corpus = new Option<string[]>("--corpus") { Description = "Texts to test a quantised model with: .txt (one a line), JSON Lines or CSV. Default: the data that comes with fwdllm.", HelpName = "FILE...", AllowMultipleArgumentsPerToken = true };
        var text = new Option<string>("--text-column") { Description = "Column or key of the text. Default: text.", HelpName = "NAME" };
        var task = new Option<string>("--task") { Description = $"Task of the jobs that will use it: {string.Join(", ", TaskNames.All)}. Says which rows the model hands out. Default: classification.", HelpName = "TASK" };
        var exact = new Option<bool>("--exact") { Description = "Add the graph of exact gradients, for devices that compute them (device agent's --exact)." };
        var command = new Command("add", "Compile a checkpoint with an adapter into a folder of artifacts, named by its content.\n\nExample: fwdllm model add models/all-MiniLM-L6-v2 --adapter lora-xs:8 --precision int8 --keep-float auto --artifacts artifacts") { model, adapter, precision, keep, corpus, text, task, exact, artifacts };
        command.SetAction(parsed =>
        {
            var kind = TaskNames.Find(parsed.GetValue(task) ?? TaskNames.Of(TaskKind.Classification))
                ?? throw new InputException($"--task is \"{parsed.GetValue(task)}\"; give one of {string.Join(", ", TaskNames.All)}.");
            var format = PrecisionOption.Parse(parsed.GetValue(precision), parsed.GetValue(keep));
            var compiled = ArtifactFolder.Add(
                parsed.GetRequiredValue(model), AdapterOption.Parse(parsed.GetValue(adapter) ?? "lora-xs"), format,
                () => TestTexts(parsed.GetValue(corpus), parsed.GetValue(text) ?? "text", context.Assets), parsed.GetRequiredValue(artifacts), context.Error.WriteLine, parsed.GetValue(exact), TaskDefaults.Pooling(kind));
            context.Error.WriteLine($"compiled {AdapterOption.Format(compiled.Manifest.Adapter)}: {Quantity.Count(compiled.Layout.Dimension)} parameters in {compiled.Layout.Blocks.Count} blocks, {compiled.Folder}");
            context.Output.WriteLine(compiled.ManifestSha256);
            return ExitCodes.Success;
        });
        return command;
    }

    private static IEnumerable<string> TestTexts(string[]? files, string column, BundledAssets assets)
    {
        if (files is not { Length: > 0 })
            return assets.Train is { } bundled ? CorpusFiles.Read([bundled], "text") : throw new InputException("no data comes with this build to test a quantised model with; name texts with --corpus.");
        var missing = files.Where(file => !File.Exists(file)).Select(file => $"--corpus names \"{file}\", which does not exist; check the path.").ToList();
        return missing.Count == 0 ? CorpusFiles.Read(files, column) : throw new InputException(missing);
    }

    private static Command CreateCompact(CliContext context)
    {
        var source = new Option<string>("--source") { Description = "Checkpoint folder to read.", HelpName = "DIR", Required = true };
        var target = new Option<string>("--target") { Description = "Folder to write; must be new or empty.", HelpName = "DIR", Required = true };
        var corpus = new Option<string[]>("--corpus") { Description = "Texts like those the model will read: .txt (one a line), JSON Lines or CSV.", HelpName = "FILE...", Required = true, AllowMultipleArgumentsPerToken = true, Arity = ArgumentArity.OneOrMore };
        var text = new Option<string>("--text-column") { Description = "Column or key of the text. Default: text.", HelpName = "NAME" };
        var vocabulary = new Option<string>("--vocabulary") { Description = "Most word pieces to keep. Default: 8000.", HelpName = "N" };
        var bytes = new Option<string>("--max-bytes") { Description = "Most bytes of the whole folder. Default: 16000000.", HelpName = "N" };
        var command = new Command("compact", "Make a checkpoint small enough to ship: fewer word pieces, 8-bit weights.\n\nExample: fwdllm model compact --source models/all-MiniLM-L6-v2 --target models/small --corpus data/train.jsonl") { source, target, corpus, text, vocabulary, bytes };
        command.SetAction((parsed, cancellation) =>
        {
            var errors = new List<string>();
            var defaults = new CompactionOptions();
            var options = new CompactionOptions((int)Whole(parsed, vocabulary, defaults.VocabularyLimit, int.MaxValue, errors), Whole(parsed, bytes, defaults.MaxBytes, long.MaxValue, errors));
            var files = parsed.GetRequiredValue(corpus);
            errors.AddRange(files.Where(file => !File.Exists(file)).Select(file => $"--corpus names \"{file}\", which does not exist; check the path."));
            if (errors.Count > 0)
                throw new InputException(errors);
            var report = ModelCompactor.Compact(parsed.GetRequiredValue(source), parsed.GetRequiredValue(target), options, CorpusFiles.Read(files, parsed.GetValue(text) ?? "text"), new LineProgress(context.Error), cancellation);
            context.Output.WriteLine($"{parsed.GetRequiredValue(target)}: {Quantity.Count(report.Pieces)} of {Quantity.Count(report.SourcePieces)} word pieces, {Quantity.Bytes(report.Bytes)}; {Quantity.Percent(report.Tokens == 0 ? null : (double)report.KeptTokens / report.Tokens)} of the corpus's tokens unchanged");
            return Task.FromResult(ExitCodes.Success);
        });
        return command;
    }

    private static long Whole(ParseResult parsed, Option<string> option, long fallback, long most, List<string> errors)
    {
        if (parsed.GetValue(option) is not { } text)
            return fallback;
        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= 1 && value <= most)
            return value;
        errors.Add($"{option.Name} is \"{text}\"; give a whole number from 1 up.");
        return fallback;
    }

    /// <summary>Reports at once and in order, which the base library's Progress does not.</summary>
    private sealed class LineProgress(TextWriter output) : IProgress<string>
    {
        public void Report(string value) => output.WriteLine(value);
    }
}
