using System.Text.Json;
using System.Text.Json.Nodes;
using FwdLLM.Modeling.Tokenization;

namespace FwdLLM.Tests.Modeling.Tokenization;

/// <summary>A small tokenizer.json made for these tests, and what Hugging Face's "tokenizers" 0.22.2 makes of texts with it.</summary>
internal sealed class ReferenceFile
{
    private readonly JsonObject _root;

    private ReferenceFile(string name)
    {
        var path = Path.Combine(TestPaths.Repository, "Tests", "Modeling.Tests", "Tokenization", "Reference", name + ".json");
        _root = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
    }

    /// <summary>The tokenizer.json; tests change it to damage it.</summary>
    public JsonObject Tokenizer => _root["tokenizer"]!.AsObject();

    public JsonArray Cases => _root["cases"]!.AsArray();

    public JsonArray Pairs => _root["pairs"]!.AsArray();

    public static ReferenceFile Read(string name) => new(name);

    public static int[] Integers(JsonNode node) => node.Deserialize<int[]>()!;

    public ITokenizer Load()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("tokenizer.json"), Tokenizer.ToJsonString());
        return Tokenizers.Load(folder.Path);
    }

    /// <summary>Differences between a tokenizer and the reference, in words.</summary>
    public List<string> Compare(ITokenizer tokenizer)
    {
        var failures = new List<string>();
        foreach (var golden in Cases)
        {
            var text = golden!["text"]!.GetValue<string>();
            var encoded = tokenizer.EncodeWithOffsets(text, 1_000_000);
            var expected = Integers(golden["ids"]!);
            if (!encoded.Ids.SequenceEqual(expected))
                failures.Add($"{golden["text"]!.ToJsonString()}: ids {string.Join(' ', encoded.Ids)}, not {string.Join(' ', expected)}");
            else if (!encoded.Offsets.SequenceEqual(Places(text, golden["offsets"]!)))
                failures.Add($"{golden["text"]!.ToJsonString()}: offsets {string.Join(' ', encoded.Offsets)}, not {string.Join(' ', Places(text, golden["offsets"]!))}");
            else if (tokenizer.Decode(expected, skipSpecial: false) != golden["decoded"]!.GetValue<string>())
                failures.Add($"{golden["text"]!.ToJsonString()}: decoded {tokenizer.Decode(expected, skipSpecial: false)}, not {golden["decoded"]}");
        }

        return failures;
    }

    /// <summary>From code points to UTF-16 code units.</summary>
    private static List<(int, int)> Places(string text, JsonNode offsets)
    {
        var units = new List<int> { 0 };
        foreach (var rune in text.EnumerateRunes())
            units.Add(units[^1] + rune.Utf16SequenceLength);
        return offsets.Deserialize<int[][]>()!.Select(pair => (units[pair[0]], units[pair[1]])).ToList();
    }
}
