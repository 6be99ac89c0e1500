using FwdLLM.Modeling.Checkpoints;

namespace FwdLLM.Cli.Settings;

/// <summary>The model and data that come with the program, in the folder <c>assets</c> beside it.</summary>
/// <param name="root">The folder <c>assets</c>.</param>
public sealed class BundledAssets(string root)
{
    /// <summary>How the bundled data is dealt to devices unless told otherwise: every device has one person's way of writing.</summary>
    public const string Split = "by:style";

    /// <summary>Forward passes spent on the bundled data unless told otherwise: about two minutes on two cores.</summary>
    public const long Passes = 6_000;

    /// <summary>The assets beside the running program.</summary>
    public static BundledAssets Installed { get; } = new(Path.Combine(AppContext.BaseDirectory, "assets"));

    /// <summary>The model's folder, or null: the first below models that holds weights.</summary>
    public string? Model => First("models", Checkpoint.WeightsFile) is { } weights ? Path.GetDirectoryName(weights) : null;

    /// <summary>The training file, or null.</summary>
    public string? Train => First("data", "train.*");

    /// <summary>The held-out file, or null.</summary>
    public string? Test => First("data", "test.*");

    private string? First(string folder, string pattern)
    {
        var path = Path.Combine(root, folder);
        return Directory.Exists(path) ? Directory.EnumerateFiles(path, pattern, SearchOption.AllDirectories).Order(StringComparer.Ordinal).FirstOrDefault() : null;
    }
}
