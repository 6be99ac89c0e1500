using System.Text.Json;
using System.Text.Json.Serialization;
using FwdLLM.Cli.Settings;

namespace FwdLLM.Cli.Running;

/// <summary>The files of a run's folder that the command line writes itself: the settings, so that a run can be continued, and the summary.</summary>
public static class RunFolder
{
    /// <summary>Name of the settings' file.</summary>
    public const string SettingsFile = "settings.json";

    /// <summary>Name of the summary's file.</summary>
    public const string SummaryFile = "summary.json";

    /// <summary>Name of the subfolder of the exported result.</summary>
    public const string AdapterFolder = "adapter";

    private static readonly JsonSerializerOptions Json = new()
    {
        WriteIndented = true,
        NewLine = "\n",
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower, allowIntegerValues: false) },
    };

    private static readonly JsonSerializerOptions OneLine = new();

    /// <summary>Writes the settings of a new run into its folder, creating it.</summary>
    public static void Create(RunSettings settings)
    {
        Directory.CreateDirectory(settings.Output);
        Write(settings.Output, SettingsFile, JsonSerializer.Serialize(settings, Json));
    }

    /// <summary>Takes back <see cref="Create"/> where the run came to nothing: no file but the settings is there.</summary>
    public static void Discard(RunSettings settings)
    {
        if (Directory.EnumerateFileSystemEntries(settings.Output).Any(entry => Path.GetFileName(entry) != SettingsFile)) return;
        File.Delete(Path.Combine(settings.Output, SettingsFile));
        Directory.Delete(settings.Output);
    }

    /// <summary>Reads the settings of a run that is to be continued.</summary>
    /// <exception cref="InputException">No run is there, it is finished, or its settings are damaged.</exception>
    public static RunSettings Open(string folder)
    {
        folder = Path.GetFullPath(folder);
        if (!File.Exists(Path.Combine(folder, SettingsFile)))
            throw new InputException($"--continue is \"{folder}\", which holds no run ({SettingsFile} is missing); give the output folder of an interrupted run.");
        if (File.Exists(Path.Combine(folder, SummaryFile)))
            throw new InputException($"--continue is \"{folder}\", whose run is finished; its result is in {SummaryFile}. Start another with --out.");
        return ReadSettings(folder) with { Continue = true };
    }

    /// <summary>Reads the settings of a run that has ended.</summary>
    /// <exception cref="InputException">No run is there, it has not ended, or its settings are damaged.</exception>
    public static RunSettings OpenFinished(string folder)
    {
        folder = Path.GetFullPath(folder);
        if (!File.Exists(Path.Combine(folder, SettingsFile)) || !File.Exists(Path.Combine(folder, RunResult.File)))
            throw new InputException($"\"{folder}\" holds no run that has ended ({SettingsFile} or {RunResult.File} is missing); give the output folder of fwdllm run.");
        return ReadSettings(folder);
    }

    /// <summary>Marks the run as finished.</summary>
    public static void Finish(RunSettings settings, RunSummary summary) => Write(settings.Output, SummaryFile, JsonSerializer.Serialize(summary, Json));

    /// <summary>The summary as one line of JSON.</summary>
    public static string ToJsonLine(RunSummary summary) => JsonSerializer.Serialize(summary, OneLine);

    private static RunSettings ReadSettings(string folder)
    {
        var path = Path.Combine(folder, SettingsFile);
        try
        {
            var settings = JsonSerializer.Deserialize<RunSettings>(File.ReadAllText(path), Json) ?? throw new InputException($"{path} holds null; start the run anew with --out.");
            // The folder may have been moved since.
            return settings with { Output = folder };
        }
        catch (Exception e) when (e is JsonException or ArgumentException)
        {
            throw new InputException($"{path} cannot be read: {e.Message} Start the run anew with --out.");
        }
    }

    /// <summary>Writes a file of the folder, whole or not at all.</summary>
    internal static void Write(string folder, string name, string text)
    {
        var partial = Path.Combine(folder, name + ".partial");
        File.WriteAllText(partial, text + "\n");
        File.Move(partial, Path.Combine(folder, name), overwrite: true);
    }
}
