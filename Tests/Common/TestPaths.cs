namespace FwdLLM.Tests;

/// <summary>Where tests find the repository and the reference data beside it.</summary>
internal static class TestPaths
{
    /// <summary>Folder of FwdLLM.Orleans.sln.</summary>
    public static string Repository { get; } = FindRepository();

    /// <summary>The shared reference folder: FWDLLM_SHARED, or ../shared beside the repository.</summary>
    public static string Shared { get; } = Environment.GetEnvironmentVariable("FWDLLM_SHARED") ?? Path.Combine(Repository, "..", "shared");

    /// <summary>The golden folder: FWDLLM_GOLDEN, or golden in <see cref="Shared"/>.</summary>
    public static string Golden { get; } = Environment.GetEnvironmentVariable("FWDLLM_GOLDEN") ?? Path.Combine(Shared, "golden");

    /// <summary>Path below golden; skips the test, saying why, where it does not exist.</summary>
    public static string RequireGolden(params string[] parts) => Require(Path.Combine([Golden, .. parts]), "FWDLLM_GOLDEN");

    /// <summary>Path below shared; skips the test, saying why, where it does not exist.</summary>
    public static string RequireShared(params string[] parts) => Require(Path.Combine([Shared, .. parts]), "FWDLLM_SHARED");

    private static string Require(string path, string variable)
    {
        Xunit.Assert.SkipUnless(File.Exists(path) || Directory.Exists(path), $"needs {path}; point {variable} at the reference data");
        return path;
    }

    private static string FindRepository()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "FwdLLM.Orleans.sln")))
                return folder.FullName;
        throw new InvalidOperationException($"FwdLLM.Orleans.sln is in no folder above {AppContext.BaseDirectory}; run the tests from a checkout.");
    }
}
