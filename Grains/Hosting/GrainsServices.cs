namespace FwdLLM.Grains;

/// <summary>Names of what the grains are given.</summary>
public static class GrainsServices
{
    /// <summary>Grain storage all grains use.</summary>
    public const string Storage = "fwdllm";

    /// <summary>
    /// Key of the <see cref="TimeProvider"/> that measures deadlines and long polls. Its own key, because Orleans runs its
    /// membership protocol on the unkeyed one, and a test must be able to stop only ours.
    /// </summary>
    public const string Clock = "fwdllm";
}
