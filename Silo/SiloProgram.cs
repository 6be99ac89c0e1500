using System.Net.Sockets;
using FwdLLM.Silo.Storage;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging.Console;

namespace FwdLLM.Silo;

/// <summary>The silo as a program of its own.</summary>
public static class SiloProgram
{
    private const int Success = 0;
    private const int Failure = 1;
    private const int Usage = 2;

    /// <summary>Pool threads for each processor that are there at once, where .NET makes one, and further ones only twice a second.</summary>
    private const int ThreadsPerProcessor = 4;

    /// <summary>Runs a silo until SIGTERM or Ctrl-C.</summary>
    /// <returns>The exit code named in <see cref="SiloConfiguration.Help"/>.</returns>
    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter error)
    {
        if (args.Contains("--help") || args.Contains("-h"))
        {
            await output.WriteLineAsync(SiloConfiguration.Help);
            return Success;
        }

        SiloSettings settings;
        try
        {
            settings = SiloConfiguration.Read(args);
        }
        catch (ArgumentException e)
        {
            await error.WriteLineAsync($"silo: {e.Message}");
            return Usage;
        }

        // Sums and steps are made on pool threads, and in a new silo much is compiled there; calls, probes and the storage's answers must not wait for it.
        ThreadPool.GetMinThreads(out var workers, out var completions);
        ThreadPool.SetMinThreads(Math.Max(workers, ThreadsPerProcessor * Environment.ProcessorCount), completions);
        try
        {
            await ServeAsync(settings, output);
            return Success;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or SocketException or OrleansException or GrainStorageException)
        {
            await error.WriteLineAsync($"silo: {e.Message} (silo port {settings.SiloPort}, gateway port {settings.GatewayPort}, HTTP port {settings.HttpPort}, storage {settings.StoragePlace})");
            return Failure;
        }
    }

    private static async Task ServeAsync(SiloSettings settings, TextWriter output)
    {
        using var host = SiloHostBuilder.Build(settings, services =>
        {
            services.AddSingleton<IHostLifetime, ConsoleLifetime>();
            services.Configure<ConsoleLifetimeOptions>(console => console.SuppressStatusMessages = true);
            services.AddLogging(logging => logging
                .AddSimpleConsole(console => console.SingleLine = true)
                // The default waits: a log that nobody reads would stop the silo.
                .AddConsole(console => console.QueueFullMode = ConsoleLoggerQueueFullMode.DropWrite)
                .SetMinimumLevel(LogLevel.Warning)
                // A start that fails is reported once, below; and workstation GC is a choice, not worth a warning at every start.
                .AddFilter("Microsoft.Extensions.Hosting", LogLevel.None)
                .AddFilter("Orleans.Runtime.Silo", LogLevel.Error)
                .AddFilter("Orleans.Runtime.Watchdog", LogLevel.Error));
        });
        await host.StartAsync();
        var http = settings.HttpPort == 0 ? "no HTTP" : $"http://{settings.HttpAddress}:{settings.HttpPort}";
        await output.WriteLineAsync($"silo ready: cluster {settings.ClusterId}, gateway {settings.Address}:{settings.GatewayPort}, {http}, storage {settings.StoragePlace}");
        await host.WaitForShutdownAsync();
    }
}
