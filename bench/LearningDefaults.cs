using FwdLLM.Bench.Learning;
using FwdLLM.Cli.Settings;

namespace FwdLLM.Bench;

/// <summary>What the learning benchmark runs on where nothing is named: the reference data, or what comes with the repository.</summary>
internal static class LearningDefaults
{
    public const string Options = """
          --data NAME            sst2, ag_news, yelp_polarity or banking77 of the reference data, or embedded. Default: sst2.
          --model DIR            Checkpoint folder. Default: all-MiniLM-L6-v2 of the reference data.
          --algorithm NAME       default or fwdllm-reference.
          --adapter KIND         As of fwdllm run, for example lora-xs:8@3 or bitfit. Default: lora-xs:8; for fwdllm-reference lora:8.
          --estimator KIND       jvp, one-sided or central; oracle or central-limit, the scalars of jvp or of central as its step goes to 0, at a fraction of the time. Default: oracle; for fwdllm-reference central.
          --max-passes N         Forward passes (of 8 examples) to spend. Default: 25000.
          --devices N            Devices. Default: 50.
          --exact N|FRACTION     Devices that answer with exact gradients instead of probes. Default: 0.
          --seeds N,N            One run each. Default: 1.
          --set NAME=VALUE,...   Other options of the recipe; ';' separates several runs.
          --evaluate-every N     Rounds between evaluations; 0 for none. Default: 10.
          --test-limit N         Most held-out rows. Default: all.
          --max-tokens N         Tokens per text. Default: 64.
        """;

    public static int Run(BenchArguments arguments)
    {
        var named = arguments.Has("data") || arguments.Has("model");
        if (!arguments.Short && (named || Directory.Exists(Path.Combine(arguments.Shared, "data"))))
            return LearningBench.Run(arguments);
        if (named)
            throw new ArgumentException("--short always runs on the model and data of this repository; leave out --data and --model.");
        if (BundledAssets.Installed.Model is not { } model)
        {
            Console.WriteLine($"learning: skipped: {arguments.Shared} has no data and this build has no model; point FWDLLM_SHARED at the reference data.");
            return 0;
        }

        // One round of probes: head fit, curvature and last head fit spend about 500 passes on this set.
        string[] small = arguments.Short ? ["--max-passes", "1200", "--evaluate-every", "0", "--devices", "8"] : [];
        Console.Error.WriteLine("learning: on the data set and the compact model of this repository.");
        return LearningBench.Run(new BenchArguments([.. arguments.All, .. small, "--data", "embedded", "--model", model]));
    }
}
