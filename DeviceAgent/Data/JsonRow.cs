using System.Text.Json;

namespace FwdLLM.DeviceAgent.Data;

/// <summary>Values of a row's object, with the reason where one cannot be used.</summary>
internal static class JsonRow
{
    /// <summary>A string, or where allowed a number as it is written; null with the reason otherwise.</summary>
    /// <param name="row">The object.</param>
    /// <param name="key">Key.</param>
    /// <param name="option">The option that names another key; null where there is none.</param>
    /// <param name="numbers">Numbers are allowed.</param>
    /// <param name="reason">Set where null is returned.</param>
    public static string? Text(JsonElement row, string key, string? option, bool numbers, ref string reason)
    {
        if (!row.TryGetProperty(key, out var value))
        {
            reason = Missing(row, key, option);
            return null;
        }

        switch (value.ValueKind)
        {
            case JsonValueKind.String:
                return value.GetString();
            case JsonValueKind.Number when numbers:
                return value.GetRawText();
            default:
                reason = $"\"{key}\" is {Kind(value)}; it must be a string{(numbers ? " or a number" : "")}";
                return null;
        }
    }

    /// <summary>A string that is not blank.</summary>
    public static string? Filled(JsonElement row, string key, ref string reason)
    {
        if (Text(row, key, null, numbers: false, ref reason) is not { } text)
            return null;
        if (!string.IsNullOrWhiteSpace(text))
            return text;
        reason = $"\"{key}\" is empty";
        return null;
    }

    /// <summary>The group, where the split needs one. False with the reason where it is missing.</summary>
    public static bool Group(JsonElement row, string? column, out string? group, ref string reason)
    {
        group = null;
        return column is null || (group = Text(row, column, "--split", numbers: true, ref reason)) is not null;
    }

    public static string Missing(JsonElement row, string key, string? option)
    {
        var keys = string.Join(", ", row.EnumerateObject().Take(10).Select(p => p.Name));
        return $"no \"{key}\" (its keys: {keys}{(option is null ? "" : $"; {option} names another")})";
    }

    public static string Kind(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => "null",
        JsonValueKind.True or JsonValueKind.False => "a boolean",
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        JsonValueKind.Number => "a number",
        _ => "a string",
    };
}
