using System.Diagnostics;
using System.Runtime.InteropServices;

namespace FwdLLM.Tests;

/// <summary>A process whose lines can be waited for. Whatever happens in a test, disposing leaves no process behind.</summary>
internal class LoggedProcess : IAsyncDisposable
{
    private static readonly TimeSpan LongestStop = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly Lock _lock = new();
    private readonly List<(DateTime At, string Text)> _lines = [];
    private TaskCompletionSource _changed = NewSignal();
    private bool _killed;

    public LoggedProcess(ProcessStartInfo start)
    {
        (start.RedirectStandardOutput, start.RedirectStandardError) = (true, true);
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += Received;
        _process.ErrorDataReceived += Received;
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public int Id => _process.Id;

    /// <summary>Standard output and error so far, each line with the time when it was read, for the message of a test that fails.</summary>
    public string Log
    {
        get
        {
            lock (_lock)
                return $"{string.Join(' ', _process.StartInfo.ArgumentList.Skip(1))}\n{string.Join('\n', _lines.Select(line => $"{line.At:mm:ss.fff} {line.Text}"))}";
        }
    }

    /// <summary>It has ended, whatever way.</summary>
    public bool HasEnded => _process.HasExited;

    /// <summary>Its death is part of the test.</summary>
    public bool MayDie { get; init; }

    /// <summary>Its code, once it has ended.</summary>
    public int ExitCode => _process.ExitCode;

    /// <summary>It ended by itself and not with code 0.</summary>
    public bool HasFailed => !_killed && !MayDie && _process.HasExited && _process.ExitCode != 0;

    /// <summary>The first line that contains <paramref name="text"/>, waiting for it.</summary>
    public async Task<string> LineAsync(string text, CancellationToken cancellation)
    {
        var line = await TryLineAsync(text, cancellation);
        Assert.True(line is not null, $"ended without '{text}': {Log}");
        return line!;
    }

    /// <summary>The first line that contains <paramref name="text"/>, waiting for it; null when the process ends without.</summary>
    public async Task<string?> TryLineAsync(string text, CancellationToken cancellation)
    {
        var ended = _process.WaitForExitAsync(cancellation);
        while (true)
        {
            // Looked at before the lines: after the end no line comes any more.
            var last = ended.IsCompleted;
            Task changed;
            lock (_lock)
            {
                if (_lines.Find(line => line.Text.Contains(text, StringComparison.Ordinal)).Text is { } found)
                    return found;
                changed = _changed.Task;
            }

            if (last)
                return null;
            await Task.WhenAny(changed, ended).WaitAsync(cancellation);
        }
    }

    /// <summary>Waits until it ends by itself, and returns its code.</summary>
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

    /// <summary>Stops it where it stands (SIGSTOP): its connections stay open and nothing answers.</summary>
    public void Suspend() => Send(19);

    /// <summary>Lets it go on (SIGCONT).</summary>
    public void Resume() => Send(18);

    /// <summary>Asks it to end (SIGINT), and waits until it has.</summary>
    public async Task InterruptAsync()
    {
        _killed = true;
        Send(2);
        var ended = await Task.WhenAny(_process.WaitForExitAsync(), Task.Delay(LongestStop));
        Assert.True(_process.HasExited, $"still there {LongestStop.TotalSeconds} s after SIGINT (a shell's background jobs inherit it ignored): {Log}");
        await ended;
    }

    public virtual async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static extern int SendSignal(int process, int signal);

    private void Send(int signal) => Assert.True(SendSignal(_process.Id, signal) == 0, $"signal {signal} did not arrive: {Log}");

    private void Received(object sender, DataReceivedEventArgs received)
    {
        if (received.Data is not { } line)
            return;
        lock (_lock)
        {
            _lines.Add((DateTime.UtcNow, line));
            _changed.SetResult();
            _changed = NewSignal();
        }
    }
}
