using System.Net.Sockets;
using FwdLLM.Grains.Interfaces;
using Npgsql;

namespace FwdLLM.Silo.Storage;

/// <summary>A PostgreSQL database as the settings name it: its connections, and what its failures mean to the operator.</summary>
internal sealed class PostgresServer : IAsyncDisposable
{
    /// <summary>Connections for records. With those for the membership four silos stay below the server's usual hundred; writes that wait share its flushes.</summary>
    public const int RecordConnections = 20;

    /// <summary>Connections for membership and reminders: few and short statements.</summary>
    public const int MembershipConnections = 4;

    // Before the operator's own text, which overrides them. Ten seconds: a wrong address becomes a message, and a grain does not wait longer
    // than a call between grains.
    private const string Defaults = "Timeout=10;Command Timeout=10;Application Name=fwdllm;";

    private readonly string _setting;
    private readonly int _timeoutSeconds;

    /// <param name="connection">As Npgsql reads it: Host=…;Database=…;Username=…;Password=….</param>
    /// <param name="setting">Name of the setting it comes from.</param>
    /// <param name="connections">Most connections at a time, unless the text says otherwise.</param>
    /// <exception cref="ArgumentException">It cannot be read; the message does not repeat it, because it may hold a password.</exception>
    public PostgresServer(string connection, string setting, int connections)
    {
        _setting = setting;
        var builder = Parse($"Maximum Pool Size={connections};{connection}", setting);
        _timeoutSeconds = builder.Timeout;
        Place = $"PostgreSQL at {builder.Host}:{builder.Port}/{builder.Database ?? builder.Username}";
        Source = NpgsqlDataSource.Create(builder);
    }

    public string Place { get; }

    public NpgsqlDataSource Source { get; }

    /// <summary>A connection at the start of a silo.</summary>
    /// <exception cref="GrainStorageException">No server there, or it does not let us in.</exception>
    public async Task<NpgsqlConnection> ConnectAsync(CancellationToken cancellation)
    {
        try
        {
            return await Source.OpenConnectionAsync(cancellation);
        }
        catch (PostgresException e)
        {
            throw new GrainStorageException($"{Place} refuses the connection: {e.MessageText} ({e.SqlState}); check user, password and database in {_setting}.", e);
        }
        catch (Exception e) when (e is NpgsqlException or TimeoutException or SocketException)
        {
            throw new GrainStorageException($"{Place} cannot be reached within {_timeoutSeconds} s; check that it runs, its address, and {_setting}.", e);
        }
    }

    /// <summary>What a failed statement means while the silo runs.</summary>
    public Exception Unavailable(Exception e) => e is PostgresException { IsTransient: false } refused && !refused.SqlState.StartsWith("57", StringComparison.Ordinal)
        ? new GrainStorageException($"{Place} refuses a statement: {refused.MessageText} ({refused.SqlState}).", e)
        : new StorageUnavailableException($"{Place} did not answer ({(e as PostgresException)?.MessageText ?? e.GetType().Name}); the call may be repeated.");

    public ValueTask DisposeAsync() => Source.DisposeAsync();

    /// <summary>Reads a connection.</summary>
    public static NpgsqlConnectionStringBuilder Parse(string connection, string setting)
    {
        const string Example = "give it as Host=…;Database=…;Username=…;Password=…";
        if (connection.Contains("://", StringComparison.Ordinal))
            throw new ArgumentException($"{setting} is a URL; {Example}.");
        NpgsqlConnectionStringBuilder builder;
        try
        {
            builder = new NpgsqlConnectionStringBuilder(Defaults + connection);
        }
        catch (Exception e) when (e is FormatException or ArgumentException or OverflowException or InvalidCastException)
        {
            throw new ArgumentException($"{setting} cannot be read as a PostgreSQL connection; {Example}.");
        }

        return builder.Host is { Length: > 0 } ? builder : throw new ArgumentException($"{setting} names no Host; {Example}.");
    }
}
