using System.Globalization;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using FwdLLM.Learning.Training;

namespace FwdLLM.Cli.Settings;

/// <summary>The members of <see cref="AlgorithmOptions"/> as settings in snake_case.</summary>
internal static class AlgorithmOption
{
    /// <summary>Members that are settings of their own, and the setting's key.</summary>
    public static readonly IReadOnlyDictionary<string, string> Elsewhere = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["name"] = "algorithm",
        ["seed"] = "seed",
        ["estimator"] = "estimator",
        ["max_passes"] = "max_passes",
        ["max_rounds"] = "max_rounds",
    };

    private static readonly Dictionary<string, PropertyInfo> Members = typeof(AlgorithmOptions)
        .GetProperties(BindingFlags.Public | BindingFlags.Instance)
        .Where(member => member.SetMethod is not null)
        .ToDictionary(member => JsonNamingPolicy.SnakeCaseLower.ConvertName(member.Name), StringComparer.Ordinal);

    /// <summary>Names that may stand under algorithm_options.</summary>
    public static IReadOnlyCollection<string> Names { get; } = [.. Members.Keys.Where(name => !Elsewhere.ContainsKey(name))];

    /// <summary>The recipe with options replaced; errors are added to <paramref name="errors"/>.</summary>
    public static AlgorithmOptions Apply(AlgorithmOptions start, IReadOnlyDictionary<string, RawValue> options, List<string> errors)
    {
        var json = JsonNode.Parse(start.ToJson())!.AsObject();
        var failed = false;
        foreach (var (name, value) in options)
        {
            if (Convert(Members[name].PropertyType, value.Text) is { } node)
            {
                json[JsonNamingPolicy.CamelCase.ConvertName(Members[name].Name)] = node;
                continue;
            }

            failed = true;
            errors.Add($"{value.Where} is \"{value.Text}\"; give {Expected(Members[name].PropertyType)}.");
        }

        if (failed)
            return start;
        try
        {
            return AlgorithmOptions.FromJson(json.ToJsonString());
        }
        catch (ArgumentException e)
        {
            errors.Add($"{SettingKey.AlgorithmOptions}: {SnakeCase(e.Message)}");
            return start;
        }
    }

    /// <summary>An enumeration's names as they are written.</summary>
    public static IEnumerable<string> NamesOf(Type kind) => Enum.GetNames(kind).Select(JsonNamingPolicy.KebabCaseLower.ConvertName);

    private static JsonNode? Convert(Type type, string text)
    {
        const NumberStyles Whole = NumberStyles.AllowLeadingSign;
        if (type == typeof(bool))
            return text is "true" or "false" ? JsonValue.Create(text == "true") : null;
        if (type == typeof(int))
            return int.TryParse(text, Whole, CultureInfo.InvariantCulture, out var value) ? JsonValue.Create(value) : null;
        if (type == typeof(long))
            return long.TryParse(text, Whole, CultureInfo.InvariantCulture, out var value) ? JsonValue.Create(value) : null;
        if (type == typeof(ulong))
            return ulong.TryParse(text, Whole, CultureInfo.InvariantCulture, out var value) ? JsonValue.Create(value) : null;
        if (type == typeof(double))
            return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value) ? JsonValue.Create(value) : null;
        if (type.IsEnum)
            return NamesOf(type).Contains(text) ? JsonValue.Create(text) : null;
        return JsonValue.Create(text);
    }

    private static string Expected(Type type) =>
        type == typeof(bool) ? "true or false"
        : type == typeof(double) ? "a number"
        : type.IsEnum ? $"one of {string.Join(", ", NamesOf(type))}"
        : "a whole number";

    /// <summary>The recipe's messages start with the member's name as JSON has it; a job file has it in snake_case.</summary>
    public static string SnakeCase(string message)
    {
        var end = message.IndexOf(' ', StringComparison.Ordinal);
        return end < 0 ? message : JsonNamingPolicy.SnakeCaseLower.ConvertName(message[..end]) + message[end..];
    }
}
