using System.Text.Json;
using FwdLLM.Cli.Settings;
using FwdLLM.Learning.Tasks;
using FwdLLM.Learning.Training;
using FwdLLM.Modeling.Compilation;
using FwdLLM.Modeling.Exports;

namespace FwdLLM.Cli.Running;

/// <summary>What a run came to, kept in its folder so that it can be exported again in other formats.</summary>
/// <param name="ManifestSha256">SHA-256 of the manifest of the compiled model it ran on.</param>
/// <param name="Task">What the model was taught.</param>
/// <param name="Labels">Names of the classes in their order.</param>
/// <param name="MaxTokens">Token limit per text.</param>
/// <param name="Snapshot">The last version.</param>
internal sealed record RunResult(string ManifestSha256, TaskKind Task, IReadOnlyList<string> Labels, int MaxTokens, ModelSnapshot Snapshot)
{
    /// <summary>Name of its file.</summary>
    public const string File = "result.json";

    private static readonly JsonSerializerOptions Json = new()
    {
        WriteIndented = true,
        NewLine = "\n",
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    /// <summary>Writes it into a run's folder.</summary>
    public void Write(string folder)
    {
        var stored = new Stored(ManifestSha256, TaskNames.Of(Task), Labels, MaxTokens, Snapshot.ToBytes());
        RunFolder.Write(folder, File, JsonSerializer.Serialize(stored, Json));
    }

    /// <summary>Reads it from a run's folder.</summary>
    /// <exception cref="InputException">The file is damaged.</exception>
    public static RunResult Read(string folder)
    {
        var path = Path.Combine(folder, File);
        try
        {
            var stored = JsonSerializer.Deserialize<Stored>(System.IO.File.ReadAllText(path), Json) ?? throw new InputException($"{path} holds null; run again with --out.");
            var task = TaskNames.Find(stored.Task) ?? throw new InvalidDataException($"its task is \"{stored.Task}\", which is none of {string.Join(", ", TaskNames.All)}.");
            return new RunResult(stored.ManifestSha256, task, stored.Labels, stored.MaxTokens, ModelSnapshot.FromBytes(stored.Snapshot));
        }
        catch (Exception e) when (e is JsonException or InvalidDataException)
        {
            throw new InputException($"{path} cannot be read: {e.Message} Run again with --out.");
        }
    }

    /// <summary>The result with the model that the run's settings name.</summary>
    /// <exception cref="InputException">The model is not the one that the run was on.</exception>
    public TrainedModel Trained(RunSettings settings, CompiledModel model) => model.ManifestSha256 == ManifestSha256
        ? TrainedModel.From(model, Snapshot, Task, Labels, MaxTokens, Path.GetFileName(Path.TrimEndingDirectorySeparator(settings.Model)))
        : throw new InputException($"the model \"{settings.Model}\" compiles to {model.ManifestSha256}, and the run was on {ManifestSha256}; put back the files it was started with, or export with the version of fwdllm that ran it.");

    private sealed record Stored(string ManifestSha256, string Task, IReadOnlyList<string> Labels, int MaxTokens, byte[] Snapshot);
}
