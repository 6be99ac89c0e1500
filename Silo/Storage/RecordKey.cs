namespace FwdLLM.Silo.Storage;

/// <summary>Which record.</summary>
/// <param name="Grain">Grain id, type and key.</param>
/// <param name="Name">Name of the state within the grain.</param>
public readonly record struct RecordKey(string Grain, string Name);
