using System.Diagnostics;

namespace FwdLLM.Tests;

/// <summary>A PostgreSQL server on a new cluster of databases, durable as it comes.</summary>
internal sealed class PostgresTestServer : TestServer
{
    private readonly string _programs;

    private PostgresTestServer(string programs) => _programs = programs;

    public override string Connection => $"Host=127.0.0.1;Port={Port};Database=postgres;Username=fwdllm;Password={Password}";

    protected override string ReadyLine => "database system is ready to accept connections";

    private string Data => Path.Combine(Folder, "data");

    /// <summary>Starts one; skips the test where there is no PostgreSQL, or no user to run it as.</summary>
    public static async Task<PostgresTestServer> StartNewAsync(CancellationToken cancellation)
    {
        var programs = Directory.Exists("/usr/lib/postgresql")
            ? Directory.GetDirectories("/usr/lib/postgresql").Select(folder => Path.Combine(folder, "bin")).Where(bin => File.Exists(Path.Combine(bin, "initdb"))).Max(StringComparer.Ordinal)
            : null;
        Assert.SkipUnless(programs is not null, "needs PostgreSQL; install it (apt-get install postgresql)");
        var server = new PostgresTestServer(programs!);
        await server.InitialiseAsync(cancellation);
        await server.StartAsync(cancellation);
        return server;
    }

    protected override ProcessStartInfo Command() => AsPostgres(
        "postgres", "-D", Data, "-p", $"{Port}", "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "fsync=on", "-c", "synchronous_commit=on");

    protected override bool MayStartAgain(string log) => log.Contains("is still in use", StringComparison.Ordinal) || log.Contains("already exists", StringComparison.Ordinal);

    private async Task InitialiseAsync(CancellationToken cancellation)
    {
        var password = Path.Combine(Folder, "password");
        await File.WriteAllTextAsync(password, Password, cancellation);
        if (Environment.IsPrivilegedProcess)
            await RunAsync(new ProcessStartInfo("chown", ["-R", "postgres", Folder]), cancellation);
        await RunAsync(AsPostgres("initdb", "-D", Data, "-U", "fwdllm", "--auth=scram-sha-256", $"--pwfile={password}", "--encoding=UTF8", "--locale=C", "--no-sync"), cancellation);
    }

    // PostgreSQL refuses to run as root. setpriv becomes the program it runs, so that a signal to it reaches the server.
    private ProcessStartInfo AsPostgres(string program, params string[] arguments)
    {
        var path = Path.Combine(_programs, program);
        return Environment.IsPrivilegedProcess
            ? new ProcessStartInfo("setpriv", ["--reuid=postgres", "--regid=postgres", "--clear-groups", path, .. arguments]) { WorkingDirectory = Folder }
            : new ProcessStartInfo(path, arguments) { WorkingDirectory = Folder };
    }

    private static async Task RunAsync(ProcessStartInfo start, CancellationToken cancellation)
    {
        await using var process = new LoggedProcess(start);
        Assert.True(await process.EndAsync(cancellation) == 0, process.Log);
    }
}
