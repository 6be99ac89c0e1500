using System.Text.Json;
using FwdLLM.Modeling.Checkpoints;

namespace FwdLLM.Modeling.Tokenization;

/// <summary>Typed reads of a tokenizer's JSON files with errors that name file, key and value.</summary>
internal static class JsonFields
{
    public static bool Flag(string path, JsonElement parent, string key, bool fallback)
    {
        if (parent.ValueKind != JsonValueKind.Object || !JsonFile.TryGet(parent, key, out var value))
            return fallback;
        return value.ValueKind is JsonValueKind.True or JsonValueKind.False
            ? value.GetBoolean()
            : throw Wrong(path, key, value, "true or false");
    }

    public static string Text(string path, JsonElement parent, string key) =>
        OptionalText(path, parent, key) ?? throw new CheckpointException($"{path}: '{key}' is missing; download or export the file again.");

    public static string? OptionalText(string path, JsonElement parent, string key)
    {
        if (parent.ValueKind != JsonValueKind.Object || !JsonFile.TryGet(parent, key, out var value))
            return null;
        return value.ValueKind == JsonValueKind.String ? value.GetString()! : throw Wrong(path, key, value, "text");
    }

    public static int? OptionalInteger(string path, JsonElement parent, string key)
    {
        if (parent.ValueKind != JsonValueKind.Object || !JsonFile.TryGet(parent, key, out var value))
            return null;
        return ToInteger(path, key, value);
    }

    public static int ToInteger(string path, string key, JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) ? number : throw Wrong(path, key, value, "a whole number");

    /// <summary>The elements of an array; none where it is absent.</summary>
    public static IEnumerable<JsonElement> Elements(string path, JsonElement parent, string key)
    {
        if (parent.ValueKind != JsonValueKind.Object || !JsonFile.TryGet(parent, key, out var value))
            return [];
        return value.ValueKind == JsonValueKind.Array ? value.EnumerateArray() : throw Wrong(path, key, value, "an array");
    }

    /// <summary>An object, or null where it is absent.</summary>
    public static JsonElement? Object(string path, JsonElement parent, string key)
    {
        if (parent.ValueKind != JsonValueKind.Object || !JsonFile.TryGet(parent, key, out var value))
            return null;
        return value.ValueKind == JsonValueKind.Object ? value : throw Wrong(path, key, value, "an object");
    }

    public static CheckpointException Wrong(string path, string key, JsonElement value, string expected)
    {
        const int shown = 60;
        var raw = value.GetRawText();
        return new CheckpointException($"{path}: '{key}' is {(raw.Length > shown ? raw[..shown] + "..." : raw)}; {expected} is expected. Download or export the file again.");
    }
}
