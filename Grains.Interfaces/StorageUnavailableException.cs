namespace FwdLLM.Grains.Interfaces;

/// <summary>
/// The server that holds the cluster's state did not answer. A write that ends like this may have happened or not, so the grain starts
/// again from what is stored; a device's call may be repeated, since every one of them is idempotent. An Orleans exception, because Orleans wraps
/// all others that come from a storage.
/// </summary>
[GenerateSerializer, Alias("fl.storageunavailable.v1")]
public sealed class StorageUnavailableException(string message, Exception? inner = null) : OrleansException(message, inner!);
