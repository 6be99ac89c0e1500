using System.Globalization;

namespace FwdLLM.Bench;

/// <summary>"--name value" and "--flag" arguments of a benchmark.</summary>
internal sealed class BenchArguments(string[] arguments)
{
    /// <summary>The reference data: FWDLLM_SHARED, or ../shared beside the repository.</summary>
    public string Shared { get; } = Environment.GetEnvironmentVariable("FWDLLM_SHARED") ?? Path.Combine("..", "shared");

    /// <summary>The arguments as they came.</summary>
    public string[] All => arguments;

    /// <summary>A smaller run that only shows the benchmark works.</summary>
    public bool Short => Has("short");

    public bool Has(string name) => arguments.Contains("--" + name);

    public string Get(string name, string fallback)
    {
        var at = Array.IndexOf(arguments, "--" + name);
        return at >= 0 && at + 1 < arguments.Length ? arguments[at + 1] : fallback;
    }

    public int Get(string name, int fallback) => int.TryParse(Get(name, ""), NumberStyles.Integer, CultureInfo.InvariantCulture, out var value) ? value : fallback;
}
