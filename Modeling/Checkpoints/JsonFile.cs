using System.Text.Json;

namespace FwdLLM.Modeling.Checkpoints;

/// <summary>Small JSON files of a checkpoint folder, read with one kind of error.</summary>
internal static class JsonFile
{
    /// <summary>The largest tokenizer.json in common use is about 30 MB.</summary>
    public const long MaxBytes = 64_000_000;

    public static JsonDocument Read(string path)
    {
        try
        {
            using var stream = File.OpenRead(path);
            if (stream.Length > MaxBytes)
                throw new CheckpointException($"{path} has {stream.Length} bytes; at most {MaxBytes} are read. It is not the small JSON file its name says.");
            var document = JsonDocument.Parse(stream, new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = 32 });
            if (document.RootElement.ValueKind == JsonValueKind.Object)
                return document;
            using (document)
                throw new CheckpointException($"{path} holds {document.RootElement.ValueKind} where a JSON object is expected; download or export the file again.");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException($"{path} cannot be read: {error.Message} Check the path and its permissions.", error);
        }
        // InvalidOperationException is what the parser says of text that is not UTF-8.
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw new CheckpointException($"{path} is not valid JSON: {error.Message} Download or export the file again.", error);
        }
    }

    /// <summary>A property that is there and not null.</summary>
    public static bool TryGet(JsonElement parent, string name, out JsonElement value) =>
        parent.TryGetProperty(name, out value) && value.ValueKind != JsonValueKind.Null;
}
