namespace FwdLLM.Cli.Settings;

/// <summary>How results are written to standard output.</summary>
public enum OutputFormat
{
    /// <summary>Tables for people.</summary>
    Table,

    /// <summary>One JSON object.</summary>
    Json,
}
