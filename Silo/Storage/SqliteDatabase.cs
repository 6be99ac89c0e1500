using Microsoft.Data.Sqlite;

namespace FwdLLM.Silo.Storage;

/// <summary>The file: connections, schema, reads. Every statement is parameterised.</summary>
internal sealed class SqliteDatabase
{
    /// <summary>Schema this build reads and writes.</summary>
    private const long SchemaVersion = 1;

    /// <summary>How long a connection waits for another's lock: another process looking at the file, or a killed silo's last commit.</summary>
    private const int BusySeconds = 10;

    private readonly string _connection;

    public SqliteDatabase(string path)
    {
        Path = System.IO.Path.GetFullPath(path);
        _connection = new SqliteConnectionStringBuilder { DataSource = Path, Mode = SqliteOpenMode.ReadWriteCreate, DefaultTimeout = BusySeconds }.ToString();
    }

    public string Path { get; }

    /// <summary>Opens the file, creates the schema where there is none, and checks its version.</summary>
    /// <exception cref="GrainStorageException">Not a database, damaged, not accessible, or of another version.</exception>
    public void Prepare()
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(Path)!);
        try
        {
            using var connection = Open();
            Execute(connection, "PRAGMA journal_mode = WAL");
            Execute(connection, """
                CREATE TABLE IF NOT EXISTS storage_schema (version INTEGER NOT NULL);
                INSERT INTO storage_schema SELECT $version WHERE NOT EXISTS (SELECT 1 FROM storage_schema);
                CREATE TABLE IF NOT EXISTS grain_state (
                    grain TEXT NOT NULL, name TEXT NOT NULL, etag INTEGER NOT NULL, sha256 BLOB NOT NULL, payload BLOB NOT NULL,
                    PRIMARY KEY (grain, name));
                """, ("$version", SchemaVersion));
            using var version = connection.CreateCommand();
            version.CommandText = "SELECT version FROM storage_schema";
            if (version.ExecuteScalar() is not SchemaVersion)
                throw new GrainStorageException($"The database {Path} has schema version {version.ExecuteScalar()}; this build reads {SchemaVersion}. Run the build that wrote it, or move the file away.");
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
    public StoredRecord? Read(string grain, string name)
    {
        try
        {
            using var connection = Open();
            using var select = connection.CreateCommand();
            select.CommandText = "SELECT etag, sha256, payload FROM grain_state WHERE grain = $grain AND name = $name";
            select.Parameters.AddWithValue("$grain", grain);
            select.Parameters.AddWithValue("$name", name);
            using var row = select.ExecuteReader();
            return row.Read() ? new StoredRecord(row.GetInt64(0), (byte[])row[1], (byte[])row[2]) : null;
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

    private static void Execute(SqliteConnection connection, string sql, params (string Name, object Value)[] parameters)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in parameters) command.Parameters.AddWithValue(name, value);
        command.ExecuteNonQuery();
    }
}
