namespace FwdLLM.Silo;

/// <summary>Where grain state is kept.</summary>
public enum StorageKind
{
    /// <summary>One file on the silo's machine.</summary>
    Sqlite,

    /// <summary>A Redis server.</summary>
    Redis,

    /// <summary>A PostgreSQL database.</summary>
    PostgreSql,
}
