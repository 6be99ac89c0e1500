using System.Globalization;
using Npgsql;

namespace FwdLLM.Silo.Storage;

/// <summary>Tables of the cluster in PostgreSQL. Silos that start together meet in an advisory lock: one makes them, the others find them.</summary>
internal static class PostgresSchema
{
    /// <summary>Schema this build reads and writes.</summary>
    private const int Version = 1;

    /// <summary>Key of the advisory lock: "fwdllm" in ASCII.</summary>
    private const long Lock = 0x66_77_64_6c_6c_6d;

    /// <summary>Makes the tables where there are none, and checks their version.</summary>
    /// <returns>One sentence for each way in which the server can lose acknowledged work.</returns>
    /// <exception cref="GrainStorageException">Not reachable, not allowed, of another version, or another program's database.</exception>
    public static async Task<IReadOnlyList<string>> PrepareAsync(PostgresServer server, CancellationToken cancellation)
    {
        await using var connection = await server.ConnectAsync(cancellation);
        try
        {
            await using (var transaction = await connection.BeginTransactionAsync(cancellation))
            {
                await ExecuteAsync(connection, $"SELECT pg_advisory_xact_lock({Lock})", cancellation);
                if (await TextAsync(connection, "SELECT to_regclass('fwdllm_schema')::text", cancellation) is null)
                    await CreateAsync(connection, server.Place, cancellation);
                var version = await TextAsync(connection, "SELECT version::text FROM fwdllm_schema", cancellation);
                if (version != Version.ToString(CultureInfo.InvariantCulture))
                    throw new GrainStorageException($"{server.Place} has schema version {version}; this build reads {Version}. Run the build that wrote it, or give another database.");
                await transaction.CommitAsync(cancellation);
            }

            return await WarningsAsync(connection, server.Place, cancellation);
        }
        catch (PostgresException e)
        {
            throw new GrainStorageException($"The tables of {server.Place} cannot be made or read: {e.MessageText} ({e.SqlState}); let the user create tables there, or give a database of its own.", e);
        }
    }

    private static async Task CreateAsync(NpgsqlConnection connection, string place, CancellationToken cancellation)
    {
        if (await TextAsync(connection, "SELECT to_regclass('orleansquery')::text", cancellation) is not null)
            throw new GrainStorageException($"{place} holds the tables of another Orleans program; give a database of its own.");
        await using var stream = typeof(PostgresSchema).Assembly.GetManifestResourceStream("PostgresSchema.sql")!;
        using var script = new StreamReader(stream);
        await ExecuteAsync(connection, await script.ReadToEndAsync(cancellation), cancellation);
    }

    private static async Task<IReadOnlyList<string>> WarningsAsync(NpgsqlConnection connection, string place, CancellationToken cancellation)
    {
        var warnings = new List<string>();
        foreach (var (setting, lost) in new[] { ("fsync", "the whole database"), ("full_page_writes", "the whole database"), ("synchronous_commit", "the last acknowledged work") })
            if (await TextAsync(connection, $"SHOW {setting}", cancellation) is "off")
                warnings.Add($"{place} has {setting} off: when its machine dies, {lost} can be lost. Set {setting} to on.");
        return warnings;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellation);
    }

    private static async Task<string?> TextAsync(NpgsqlConnection connection, string sql, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(cancellation) as string;
    }
}
