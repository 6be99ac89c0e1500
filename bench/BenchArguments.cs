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

    /// <exception cref="ArgumentException">The name stands without a value.</exception>
    public string Get(string name, string fallback)
    {
        var at = Array.IndexOf(arguments, "--" + name);
        if (at < 0) return fallback;
        return at + 1 < arguments.Length ? arguments[at + 1] : throw new ArgumentException($"--{name} has no value; write --{name} VALUE.");
    }

    /// <exception cref="ArgumentException">The value is not a whole number.</exception>
    public int Get(string name, int fallback)
    {
        if (!Has(name)) return fallback;
        var text = Get(name, "");
        return int.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out var value) ? value : throw new ArgumentException($"--{name} is \"{text}\"; give a whole number.");
    }

    /// <summary>A number of things, at least one.</summary>
    /// <exception cref="ArgumentException">The value is not a positive whole number.</exception>
    public int GetPositive(string name, int fallback) =>
        Get(name, fallback) is > 0 and var value ? value : throw new ArgumentException($"--{name} is \"{Get(name, "")}\"; give a whole number from 1 up.");

    /// <summary>Seeds of runs, with commas between.</summary>
    /// <exception cref="ArgumentException">A value is not a whole number from 0 up.</exception>
    public ulong[] GetSeeds(string fallback) =>
        [.. Get("seeds", fallback).Split(',').Select(seed => ulong.TryParse(seed, NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : throw new ArgumentException($"--seeds has \"{seed}\"; give whole numbers from 0 up with commas between."))];

    /// <summary>Refuses what the benchmark does not know.</summary>
    /// <param name="options">Names that take a value; "short" is always known and takes none.</param>
    /// <exception cref="ArgumentException">Names the first argument that is not known.</exception>
    public void AllowOnly(params string[] options)
    {
        for (var at = 0; at < arguments.Length; at++)
        {
            if (arguments[at] == "--short") continue;
            if (!options.Any(option => arguments[at] == "--" + option))
                throw new ArgumentException($"\"{arguments[at]}\" is not known here; known are {string.Join(", ", options.Append("short").Select(option => "--" + option))}.");
            at++; // its value
        }
    }
}
