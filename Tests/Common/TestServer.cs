using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace FwdLLM.Tests;

/// <summary>A database server on a free loopback port, with a folder of its own and settings under which nothing acknowledged is lost.</summary>
internal abstract class TestServer : IAsyncDisposable
{
    private LoggedProcess? _process;

    /// <summary>Password of all test servers, of a kind that must not show up in any log.</summary>
    public const string Password = "correct-horse";

    protected string Folder { get; } = Directory.CreateTempSubdirectory("fwdllm-server-").FullName;

    protected int Port { get; } = FreePort();

    /// <summary>How a silo's settings name the server.</summary>
    public abstract string Connection { get; }

    protected abstract string ReadyLine { get; }

    protected LoggedProcess Process => _process ?? throw new InvalidOperationException("The server does not run.");

    /// <summary>Starts it, on what an earlier run has left, and waits until it answers.</summary>
    public async Task StartAsync(CancellationToken cancellation)
    {
        // A server whose predecessor was killed refuses to start until the last of that one's processes is gone.
        do
        {
            if (_process is not null)
                await _process.DisposeAsync();
            cancellation.ThrowIfCancellationRequested();
            _process = new LoggedProcess(Command());
        }
        while (await _process.TryLineAsync(ReadyLine, cancellation) is null && MayStartAgain(_process.Log));
        await _process.LineAsync(ReadyLine, cancellation);
    }

    /// <summary>kill -9: what it had not made durable is lost.</summary>
    public Task KillAsync() => Process.KillAsync();

    /// <summary>It stops answering while its connections stay open.</summary>
    public void Suspend() => Process.Suspend();

    /// <summary>It answers again.</summary>
    public void Resume() => Process.Resume();

    public async ValueTask DisposeAsync()
    {
        if (_process is { } process)
        {
            if (!process.HasEnded)
            {
                process.Resume();
                await process.InterruptAsync();
            }

            await process.DisposeAsync();
        }

        Directory.Delete(Folder, recursive: true);
    }

    protected abstract ProcessStartInfo Command();

    protected virtual bool MayStartAgain(string log) => false;

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
