namespace FwdLLM.DeviceAgent;

/// <summary>Who a device is and what it brings.</summary>
/// <param name="DeviceId">Its id, the key of its grain.</param>
/// <param name="JobId">The job it works for.</param>
/// <param name="Examples">Private examples it holds.</param>
/// <param name="Exact">Whether it computes exact gradients.</param>
public sealed record DeviceProfile(string DeviceId, string JobId, int Examples, bool Exact = false)
{
    /// <summary>Id of a process's virtual device: <c>device-00000</c>, five digits at least, so that ids of one fleet have one length.</summary>
    public static string IdOf(int deviceNumber) => $"device-{deviceNumber:D5}";
}
