using System.Diagnostics;

namespace FwdLLM.Bench.Measuring;

/// <summary>A benchmark's own program as a process of its own: a process's peak memory cannot be reset, so each measurement gets one.</summary>
internal static class ChildProcess
{
    /// <summary>Runs the same benchmark with "--option value" instead of its arguments.</summary>
    /// <returns>What it printed.</returns>
    /// <exception cref="InvalidOperationException">It did not end with code 0.</exception>
    public static string Run(BenchArguments arguments, string option, string value)
    {
        var commandLine = Environment.GetCommandLineArgs();
        var program = Environment.ProcessPath ?? throw new InvalidOperationException("The path of this program is unknown.");
        var start = new ProcessStartInfo(program);
        if (Path.GetFileNameWithoutExtension(program) == "dotnet")
            start.ArgumentList.Add(commandLine[0]);
        foreach (var own in commandLine[1..^arguments.All.Length])
            start.ArgumentList.Add(own);
        start.ArgumentList.Add("--" + option);
        start.ArgumentList.Add(value);
        return Run(start);
    }

    /// <summary>Runs any program to its end. What it writes to standard error is shown.</summary>
    /// <returns>What it printed.</returns>
    /// <exception cref="InvalidOperationException">It did not end with code 0.</exception>
    public static string Run(ProcessStartInfo start)
    {
        start.RedirectStandardOutput = true;
        using var process = Process.Start(start) ?? throw new InvalidOperationException($"{start.FileName} did not start.");
        var output = process.StandardOutput.ReadToEnd().Trim();
        process.WaitForExit();
        return process.ExitCode == 0
            ? output
            : throw new InvalidOperationException($"{start.FileName} {string.Join(' ', start.ArgumentList)} ended with code {process.ExitCode} and printed '{output}'.");
    }
}
