using System.Diagnostics;

namespace FwdLLM.Tests;

/// <summary>A Redis server that writes every command to its disk before it answers.</summary>
internal sealed class RedisTestServer : TestServer
{
    private readonly string _program;
    private readonly string _appendOnly;
    private readonly string _appendSync;

    private RedisTestServer(string program, string appendOnly, string appendSync) => (_program, _appendOnly, _appendSync) = (program, appendOnly, appendSync);

    public override string Connection => $"127.0.0.1:{Port},password={Password}";

    protected override string ReadyLine => "Ready to accept connections";

    /// <summary>Starts one; skips the test where there is no redis-server.</summary>
    public static async Task<RedisTestServer> StartNewAsync(CancellationToken cancellation, string appendOnly = "yes", string appendSync = "always")
    {
        var program = Environment.GetEnvironmentVariable("PATH")!.Split(':').Select(folder => Path.Combine(folder, "redis-server")).FirstOrDefault(File.Exists);
        Assert.SkipUnless(program is not null, "needs redis-server; install it (apt-get install redis-server)");
        var server = new RedisTestServer(program!, appendOnly, appendSync);
        await server.StartAsync(cancellation);
        return server;
    }

    protected override ProcessStartInfo Command() => new(_program,
    [
        "--port", $"{Port}", "--bind", "127.0.0.1", "--dir", Folder, "--save", "", "--appendonly", _appendOnly, "--appendfsync", _appendSync, "--requirepass", Password,
    ]);
}
