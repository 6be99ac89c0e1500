using System.Text.Json;

namespace FwdLLM.DeviceAgent.Data;

/// <summary>What a task's rows look like in a file.</summary>
/// <typeparam name="TRow">Rows.</typeparam>
internal abstract class RowFormat<TRow>
    where TRow : class, IDataRow
{
    /// <summary>Columns of a CSV file and the options that name others; null where rows are JSON only.</summary>
    public virtual IReadOnlyList<(string Name, string Option)>? Columns => null;

    /// <summary>What a row is, for the message about a file that is no JSON Lines.</summary>
    public abstract string Example { get; }

    /// <summary>A row from an object; null, with the reason, where it cannot be used.</summary>
    public abstract TRow? FromJson(int line, JsonElement row, ref string reason);

    /// <summary>A row from the values of <see cref="Columns"/>.</summary>
    public virtual TRow? FromColumns(int line, string[] values, ref string reason) => throw new NotSupportedException();
}
