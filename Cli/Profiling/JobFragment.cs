using System.Globalization;
using FwdLLM.Cli.Settings;
using FwdLLM.Cli.Views;

namespace FwdLLM.Cli.Profiling;

/// <summary>The choice as a job file: the adapter, and the settings under which its η holds.</summary>
internal static class JobFragment
{
    /// <summary>The file's text.</summary>
    public static string Text(ProfileReport report, RunSettings run)
    {
        var best = report.Candidates[0];
        return string.Create(CultureInfo.InvariantCulture, $"""
            # From fwdllm profile: η = {Quantity.Estimate(best.Rate)}, highest of {report.Candidates.Count}, on {report.Examples} examples, seed {report.Seed}.
            adapter: {best.Adapter}
            max_tokens: {run.MaxTokens}
            {SettingKey.AlgorithmOptions}:
              batch_size: {report.BatchSize}
              block_scaling: {(report.BlockScaling ? "true" : "false")}
              centred_residuals: {(report.CentredResiduals ? "true" : "false")}

            """).ReplaceLineEndings("\n");
    }

    /// <summary>Writes it; the file appears whole or not at all.</summary>
    public static void Write(string path, ProfileReport report, RunSettings run)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var partial = path + ".partial";
        File.WriteAllText(partial, Text(report, run));
        File.Move(partial, path);
    }
}
