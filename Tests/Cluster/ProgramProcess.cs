using System.Diagnostics;

namespace FwdLLM.Tests.Cluster;

/// <summary>One of the built programs as a process of its own.</summary>
internal sealed class ProgramProcess : LoggedProcess
{
    private ProgramProcess(ProcessStartInfo start)
        : base(start)
    {
    }

    /// <summary>Starts a program from its own output folder, built with the tests' configuration.</summary>
    /// <param name="project">Silo, DeviceAgent or Cli, or the path of an assembly built elsewhere.</param>
    /// <param name="folder">Its working folder and its home for data.</param>
    /// <param name="arguments">Command line.</param>
    /// <param name="environment">More variables.</param>
    /// <param name="mayDie">Its death is part of the test.</param>
    public static ProgramProcess Start(string project, string folder, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null, bool mayDie = false)
    {
        var start = new ProcessStartInfo("dotnet") { WorkingDirectory = folder };
        start.ArgumentList.Add("exec");
        start.ArgumentList.Add(project.EndsWith(".dll", StringComparison.Ordinal) ? project : Assembly(project));
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("FWDLLM_", StringComparison.Ordinal)).ToList())
            start.Environment.Remove(name);
        start.Environment["XDG_DATA_HOME"] = folder;
        start.Environment["NO_COLOR"] = "1";
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
            start.Environment[name] = value;
        return new ProgramProcess(start) { MayDie = mayDie };
    }

    /// <summary>Waits until it ends by itself, with code 0.</summary>
    public async Task<ProgramProcess> SucceedAsync(CancellationToken cancellation)
    {
        var code = await EndAsync(cancellation);
        Assert.True(code == 0, $"code {code}: {Log}");
        return this;
    }

    // Not from the tests' folder: it holds the libraries of a web program, which the agent's runtime does not look for.
    private static string Assembly(string project)
    {
        var framework = new DirectoryInfo(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        var path = Path.Combine(TestPaths.Repository, project, "bin", framework.Parent!.Name, framework.Name, project == "Cli" ? "fwdllm.dll" : $"FwdLLM.{project}.dll");
        Assert.True(File.Exists(path), $"{path} is not built; build {project} with the tests' configuration.");
        return path;
    }
}
