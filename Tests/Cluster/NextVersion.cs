using System.Diagnostics;
using System.Text.RegularExpressions;

namespace FwdLLM.Tests.Cluster;

/// <summary>
/// The silo's next version: this repository's sources with the changes a release may make (docs/upgrades.md), built in a folder
/// of its own. Made by editing a copy, so that nothing of it is in the product.
/// </summary>
internal static partial class NextVersion
{
    private static readonly string[] Projects = ["Grains.Interfaces", "Grains", "Learning", "Modeling", "Inference", "Silo"];

    /// <summary>Builds it.</summary>
    /// <param name="folder">Where; created.</param>
    /// <param name="cancellation">Stops the build.</param>
    /// <returns>Path of the silo's assembly.</returns>
    public static async Task<string> BuildAsync(string folder, CancellationToken cancellation)
    {
        foreach (var project in Projects) Copy(Path.Combine(TestPaths.Repository, project), Path.Combine(folder, project));
        foreach (var file in (string[])["Directory.Build.props", "Directory.Packages.props", "global.json", ".editorconfig"])
            File.Copy(Path.Combine(TestPaths.Repository, file), Path.Combine(folder, file));

        // Another protocol version; a field in an answer to devices and one in stored state; a method, which raises the interface's
        // version and is not called yet: an older silo could not even read the call.
        Edit(folder, "Grains.Interfaces/ProtocolVersion.cs", CurrentProtocol(), match => $"int Current = {int.Parse(match.Groups[1].Value) + 1};");
        Edit(folder, "Grains.Interfaces/DeviceContracts.cs", CheckInReplyStart(), match => match.Value + "    /// <summary>New.</summary>\n    [Id(60)] public string? Hint { get; init; } = \"new\";\n\n");
        Edit(folder, "Grains/Devices/DeviceState.cs", DeviceStateStart(), match => match.Value + "    [Id(60)] public string? Region { get; set; } = \"new\";\n\n");
        Edit(folder, "Grains.Interfaces/IJobGrain.cs", JobInterface(), match => $"[Orleans.CodeGeneration.Version(60)]\n{match.Value}    /// <summary>New.</summary>\n    [Alias(\"Describe\")]\n    Task<string> Describe();\n\n");
        Edit(folder, "Grains/Jobs/JobGrain.cs", JobGrainStart(), match => $"    public Task<string> Describe() => Task.FromResult(JobId);\n\n{match.Value}");

        return await BuildSiloAsync(folder, cancellation);
    }

    /// <summary>Builds the version after it, which no longer speaks the protocol of the agents built here, in the same folder.</summary>
    public static Task<string> BuildWithoutPresentProtocolAsync(string folder, CancellationToken cancellation)
    {
        Edit(folder, "Grains.Interfaces/ProtocolVersion.cs", OldestProtocol(), _ => "int Oldest = Current;");
        return BuildSiloAsync(folder, cancellation);
    }

    private static async Task<string> BuildSiloAsync(string folder, CancellationToken cancellation)
    {
        await RunAsync(folder, cancellation, "build", "Silo/Silo.csproj", "-c", "Release", "-p:Version=0.2.0", "-p:EnableOrleansContractsAnalyzer=false", "-nodeReuse:false");
        return Path.Combine(folder, "Silo", "bin", "Release", new DirectoryInfo(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory)).Name, "FwdLLM.Silo.dll");
    }

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var file in Directory.EnumerateFiles(from)) File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        foreach (var folder in Directory.EnumerateDirectories(from).Where(folder => Path.GetFileName(folder) is not ("bin" or "obj")))
            Copy(folder, Path.Combine(to, Path.GetFileName(folder)));
    }

    private static void Edit(string folder, string file, Regex place, MatchEvaluator change)
    {
        var path = Path.Combine(folder, file);
        var text = File.ReadAllText(path);
        Assert.True(place.Count(text) == 1, $"{file} has {place.Count(text)} places like '{place}'; the next version changes one. Bring {nameof(NextVersion)} in line with the sources.");
        File.WriteAllText(path, place.Replace(text, change));
    }

    private static async Task RunAsync(string folder, CancellationToken cancellation, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToList())
            start.Environment.Remove(name); // Those of the build that runs the tests.
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(cancellation), process.StandardError.ReadToEndAsync(cancellation));
        try
        {
            await process.WaitForExitAsync(cancellation);
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }

        Assert.True(process.ExitCode == 0, $"dotnet {string.Join(' ', arguments)} in {folder} ended with {process.ExitCode}:\n{await output}\n{await error}");
    }

    [GeneratedRegex(@"int Current = (\d+);")]
    private static partial Regex CurrentProtocol();

    [GeneratedRegex(@"int Oldest = \d+;")]
    private static partial Regex OldestProtocol();

    [GeneratedRegex(@"public sealed record CheckInReply\n\{\n")]
    private static partial Regex CheckInReplyStart();

    [GeneratedRegex(@"public sealed class DeviceState\n\{\n")]
    private static partial Regex DeviceStateStart();

    [GeneratedRegex(@"public interface IJobGrain : IGrainWithStringKey\n\{\n")]
    private static partial Regex JobInterface();

    [GeneratedRegex(@"    private const string Reminder = ")]
    private static partial Regex JobGrainStart();
}
