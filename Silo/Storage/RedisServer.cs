using FwdLLM.Grains.Interfaces;
using StackExchange.Redis;

namespace FwdLLM.Silo.Storage;

/// <summary>A Redis server as the settings name it: connecting to it, and what its failures mean to the operator.</summary>
internal sealed class RedisServer
{
    /// <summary>A start gives up after this: a wrong address becomes a message, not a silo that waits.</summary>
    public static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(10);

    private readonly string _setting;

    /// <param name="connection">As StackExchange.Redis reads it: host:port[,host:port],password=…,ssl=true.</param>
    /// <param name="setting">Name of the setting it comes from.</param>
    /// <exception cref="ArgumentException">It cannot be read; the message does not repeat it, because it may hold a password.</exception>
    public RedisServer(string connection, string setting)
    {
        _setting = setting;
        Options = Parse(connection, setting);
        Place = $"Redis at {string.Join(", ", Options.EndPoints.Select(endpoint => EndPointCollection.ToString(endpoint)))}";
    }

    public string Place { get; }

    /// <summary>A copy may be changed freely.</summary>
    public ConfigurationOptions Options { get; }

    /// <summary>Connects, or says why not within <see cref="ConnectLimit"/>.</summary>
    /// <exception cref="GrainStorageException">No server there, or it does not let us in.</exception>
    public async Task<IConnectionMultiplexer> ConnectAsync(CancellationToken cancellation)
    {
        var options = Options.Clone();
        // CONFIG GET, with which the server is asked how durable it is, counts as administration.
        options.AllowAdmin = true;
        var connecting = ConnectionMultiplexer.ConnectAsync(options);
        try
        {
            return await connecting.WaitAsync(ConnectLimit, cancellation);
        }
        catch (Exception e) when (e is RedisException or TimeoutException)
        {
            _ = connecting.ContinueWith(late => late.Result.Dispose(), CancellationToken.None, TaskContinuationOptions.OnlyOnRanToCompletion, TaskScheduler.Default);
            throw new GrainStorageException(
                e is RedisConnectionException { FailureType: ConnectionFailureType.AuthenticationFailure }
                    ? $"{Place} refuses the login; check user and password in {_setting}."
                    : $"{Place} cannot be reached within {ConnectLimit.TotalSeconds:0} s; check that it runs, its address, and password and ssl in {_setting}.",
                e);
        }
    }

    /// <summary>What a failed command means while the silo runs.</summary>
    public Exception Unavailable(Exception e) => e is RedisServerException server && server.Message.StartsWith("WRONGTYPE", StringComparison.Ordinal)
        ? new GrainStorageException($"{Place} holds something else than a grain's state under a state's key ({server.Message}). It was left as it is; give the cluster a database of its own, or restore it from a backup.", e)
        : new StorageUnavailableException($"{Place} did not carry out a command ({Reason(e)}); the call may be repeated.");

    /// <summary>Reads a connection.</summary>
    public static ConfigurationOptions Parse(string connection, string setting)
    {
        const string Example = "give it as host:6379,password=…";
        if (connection.Contains("://", StringComparison.Ordinal))
            throw new ArgumentException($"{setting} is a URL; {Example}.");
        ConfigurationOptions options;
        try
        {
            options = ConfigurationOptions.Parse(connection, ignoreUnknown: false);
        }
        catch (Exception e) when (e is FormatException or ArgumentException or OverflowException)
        {
            throw new ArgumentException($"{setting} cannot be read as a Redis connection; {Example}.");
        }

        return options.EndPoints.Count > 0 ? options : throw new ArgumentException($"{setting} names no server; {Example}.");
    }

    private static string Reason(Exception e) => e switch
    {
        RedisServerException server => server.Message,
        RedisConnectionException connection => connection.FailureType.ToString(),
        _ => e.GetType().Name,
    };
}
