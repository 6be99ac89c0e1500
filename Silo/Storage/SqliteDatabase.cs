using Microsoft.Data.Sqlite;

namespace FwdLLM.Silo.Storage;

/// <summary>The file: connections, schema, reads. Every statement is parameterised.</summary>
internal sealed class SqliteDatabase
{
    /// <summary>Schema this build reads and writes.</summary>
    private const long SchemaVersion = 2;

    /// <summary>How long a connection waits for another's lock: another process looking at the file, or a killed silo's last commit.</summary>
    private const int BusySeconds = 10;

    private readonly string _connection;

    public SqliteDatabase(string path)
    {
        Path = System.IO.Path.GetFullPath(path);
        _connection = new SqliteConnectionStringBuilder { DataSource = Path, Mode = SqliteOpenMode.ReadWriteCreate, DefaultTimeout = BusySeconds }.ToString();
    }

    public string Path { get; }

    /// <summary>Opens the file, creates the schema where there is none, brings an older one up to date, and checks its version.</summary>
    /// <exception cref="GrainStorageException">Not a database, damaged, not accessible, or of another version.</exception>
    public void Prepare()
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(Path)!);
        try
        {
            using var connection = Open();
            Execute(connection, "PRAGMA journal_mode = WAL");
            // One transaction that has the write lock from its start: of two processes one makes or changes the schema, the other finds it.
            using var transaction = connection.BeginTransaction(deferred: false);
            Execute(connection, """
                CREATE TABLE IF NOT EXISTS storage_schema (version INTEGER NOT NULL);
                INSERT INTO storage_schema SELECT $version WHERE NOT EXISTS (SELECT 1 FROM storage_schema);
                CREATE TABLE IF NOT EXISTS grain_state (
                    grain TEXT NOT NULL, name TEXT NOT NULL, etag INTEGER NOT NULL, record BLOB NOT NULL, PRIMARY KEY (grain, name));
                """, ("$version", SchemaVersion));
            if (Version(connection) is 1L)
                SealRecords(connection);
            if (Version(connection) is not SchemaVersion)
                throw new GrainStorageException($"The database {Path} has schema version {Version(connection)}; this build reads {SchemaVersion}. Run the build that wrote it, or move the file away.");
            transaction.Commit();
        }
        catch (SqliteException e)
        {
            throw Unusable(e);
        }
    }

    /// <summary>A connection on which a commit is on the disk when it returns.</summary>
    public SqliteConnection Open()
    {
        var connection = new SqliteConnection(_connection);
        connection.Open();
        Execute(connection, "PRAGMA synchronous = FULL");
        return connection;
    }

    /// <summary>The record, or null.</summary>
    public StoredRecord? Read(RecordKey key)
    {
        try
        {
            using var connection = Open();
            using var select = connection.CreateCommand();
            select.CommandText = "SELECT etag, record FROM grain_state WHERE grain = $grain AND name = $name";
            select.Parameters.AddWithValue("$grain", key.Grain);
            select.Parameters.AddWithValue("$name", key.Name);
            using var row = select.ExecuteReader();
            return row.Read() ? new StoredRecord(row.GetInt64(0), (byte[])row[1]) : null;
        }
        catch (SqliteException e)
        {
            throw Unusable(e);
        }
    }

    /// <summary>What an SQLite error means to the operator.</summary>
    public GrainStorageException Unusable(SqliteException e) => new(
        e.SqliteErrorCode switch
        {
            11 or 26 => $"The database {Path} is damaged or not a database ({e.Message}); restore it from a backup, or move it and its -wal file away to start anew.",
            13 => $"The disk of the database {Path} is full; free some space.",
            14 or 8 or 3 => $"The database {Path} cannot be opened for writing ({e.Message}); check the folder and its permissions.",
            5 or 6 => $"The database {Path} is locked by another process for more than {BusySeconds} s; stop the other process.",
            _ => $"The database {Path} failed: {e.Message}",
        },
        e);

    /// <summary>Closes pooled connections to the file.</summary>
    public void ReleasePool()
    {
        using var connection = new SqliteConnection(_connection);
        SqliteConnection.ClearPool(connection);
    }

    private static object? Version(SqliteConnection connection)
    {
        using var version = connection.CreateCommand();
        version.CommandText = "SELECT version FROM storage_schema";
        return version.ExecuteScalar();
    }

    // Version 1 kept checksum and payload in columns of their own. A damaged record stays as damaged as it was.
    private static void SealRecords(SqliteConnection connection)
    {
        connection.CreateFunction("sealed", (byte[] sha256, byte[] payload) => (byte[])[1, .. sha256, .. payload]);
        Execute(connection, """
            ALTER TABLE grain_state ADD COLUMN record BLOB NOT NULL DEFAULT x'';
            UPDATE grain_state SET record = sealed(sha256, payload);
            ALTER TABLE grain_state DROP COLUMN sha256;
            ALTER TABLE grain_state DROP COLUMN payload;
            UPDATE storage_schema SET version = 2;
            """);
    }

    private static void Execute(SqliteConnection connection, string sql, params (string Name, object Value)[] parameters)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in parameters) command.Parameters.AddWithValue(name, value);
        command.ExecuteNonQuery();
    }
}
