namespace Xunit;

/// <summary>Stands in for xUnit where the tests' process code runs in a benchmark.</summary>
internal static class Assert
{
    /// <exception cref="IOException">It is not.</exception>
    public static void True(bool condition, string message)
    {
        if (!condition) throw new IOException(message);
    }

    /// <exception cref="IOException">It is.</exception>
    public static void False(bool condition, string message) => True(!condition, message);

    /// <exception cref="IOException">It is not.</exception>
    public static void SkipUnless(bool condition, string reason) => True(condition, reason);
}
