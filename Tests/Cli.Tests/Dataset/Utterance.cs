using System.Text.Json;
using System.Text.Json.Serialization;

namespace FwdLLM.Tests.Dataset;

/// <summary>One line of assets/data/*.jsonl.</summary>
internal sealed record Utterance(
    [property: JsonPropertyName("text"), JsonRequired] string Text,
    [property: JsonPropertyName("label"), JsonRequired] string Label,
    [property: JsonPropertyName("style"), JsonRequired] string Style)
{
    /// <summary>
    /// What a text may hold besides printable ASCII. Each is its own NFKC form: precomposed letters of the foreign words,
    /// the en dash of date ranges, and one emoji. Full-width forms, ligatures, fractions and the ellipsis are not.
    /// </summary>
    public const string ExtraCharacters = "áäçèéêíîñóöüß–💀";

    private static readonly JsonSerializerOptions Strict = new() { UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow };

    /// <summary>Path of a split, "train" or "test".</summary>
    public static string PathOf(string split) => Path.Combine(TestPaths.Repository, "assets", "data", $"{split}.jsonl");

    /// <summary>All rows of a split; a line with missing or unknown members fails the test that reads it.</summary>
    public static IReadOnlyList<Utterance> Read(string split) =>
        [.. File.ReadLines(PathOf(split)).Select(line => JsonSerializer.Deserialize<Utterance>(line, Strict) ?? throw new InvalidDataException($"null line in {split}.jsonl"))];
}
