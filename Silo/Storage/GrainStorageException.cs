using FwdLLM.Grains;

namespace FwdLLM.Silo.Storage;

/// <summary>The database, or a record in it, cannot be read or written. The message names it and says what to do; it holds no password.</summary>
[GenerateSerializer, Alias("fl.storageerror.v1")]
public sealed class GrainStorageException(string message, Exception? inner = null) : Exception(message, inner), INeedsRepair;
