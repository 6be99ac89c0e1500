using System.Diagnostics;

namespace FwdLLM.Tests.Cluster;

/// <summary>One of the built programs as a process of its own. Whatever happens in a test, disposing leaves no process behind.</summary>
internal sealed class ProgramProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly Lock _lock = new();
    private readonly List<string> _lines = [];
    private TaskCompletionSource _changed = NewSignal();
    private bool _killed;

    private ProgramProcess(Process process) => _process = process;

    /// <summary>Standard output and error so far, for the message of a test that fails.</summary>
    public string Log
    {
        get
        {
            lock (_lock)
                return $"{string.Join(' ', _process.StartInfo.ArgumentList.Skip(1))}\n{string.Join('\n', _lines)}";
        }
    }

    /// <summary>It ended by itself and not with code 0.</summary>
    public bool HasFailed => !_killed && _process.HasExited && _process.ExitCode != 0;

    /// <summary>Starts a program from its own output folder, built with the tests' configuration.</summary>
    /// <param name="project">Silo, DeviceAgent or Cli.</param>
    /// <param name="folder">Its working folder and its home for data.</param>
    /// <param name="arguments">Command line.</param>
    public static ProgramProcess Start(string project, string folder, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo("dotnet") { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add("exec");
        start.ArgumentList.Add(Assembly(project));
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("FWDLLM_SILO_", StringComparison.Ordinal)).ToList())
            start.Environment.Remove(name);
        start.Environment["XDG_DATA_HOME"] = folder;
        start.Environment["NO_COLOR"] = "1";

        var program = new ProgramProcess(new Process { StartInfo = start });
        program._process.OutputDataReceived += program.Received;
        program._process.ErrorDataReceived += program.Received;
        program._process.Start();
        program._process.BeginOutputReadLine();
        program._process.BeginErrorReadLine();
        return program;
    }

    /// <summary>The first line that contains <paramref name="text"/>, waiting for it.</summary>
    public async Task<string> LineAsync(string text, CancellationToken cancellation)
    {
        var ended = _process.WaitForExitAsync(cancellation);
        while (true)
        {
            // Looked at before the lines: after the end no line comes any more.
            var last = ended.IsCompleted;
            Task changed;
            lock (_lock)
            {
                if (_lines.Find(line => line.Contains(text, StringComparison.Ordinal)) is { } found)
                    return found;
                changed = _changed.Task;
            }

            Assert.False(last, $"ended with code {(last ? _process.ExitCode : 0)} and without '{text}': {Log}");
            await Task.WhenAny(changed, ended).WaitAsync(cancellation);
        }
    }

    /// <summary>Waits until it ends by itself, with code 0.</summary>
    public async Task<ProgramProcess> SucceedAsync(CancellationToken cancellation)
    {
        await _process.WaitForExitAsync(cancellation);
        Assert.True(_process.ExitCode == 0, $"code {_process.ExitCode}: {Log}");
        return this;
    }

    /// <summary>Its exit code, waiting for the end.</summary>
    public async Task<int> EndAsync(CancellationToken cancellation)
    {
        await _process.WaitForExitAsync(cancellation);
        return _process.ExitCode;
    }

    /// <summary>kill -9, and waits until it is gone.</summary>
    public async Task KillAsync()
    {
        Assert.False(_process.HasExited, $"it had ended before it was killed: {Log}");
        _killed = true;
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }

    // Not from the tests' folder: it holds the libraries of a web program, which the agent's runtime does not look for.
    private static string Assembly(string project)
    {
        var framework = new DirectoryInfo(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        var path = Path.Combine(TestPaths.Repository, project, "bin", framework.Parent!.Name, framework.Name, project == "Cli" ? "fwdllm.dll" : $"FwdLLM.{project}.dll");
        Assert.True(File.Exists(path), $"{path} is not built; build {project} with the tests' configuration.");
        return path;
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void Received(object sender, DataReceivedEventArgs received)
    {
        if (received.Data is not { } line)
            return;
        lock (_lock)
        {
            _lines.Add(line);
            _changed.SetResult();
            _changed = NewSignal();
        }
    }
}
