using System.IO.Compression;
using System.Text.Json;
using FwdLLM.Modeling.Tokenization;

namespace FwdLLM.Tests.Modeling.Tokenization;

/// <summary>Byte-level BPE against every case of the reference library, from tokenizer.json and from the lists a GGUF file has.</summary>
public sealed class SmolLm2GoldenTests
{
    private const int Unlimited = 1_000_000;

    public static TheoryData<bool> Sources => [true, false];

    [Theory]
    [MemberData(nameof(Sources))]
    public void Single_texts_give_the_ids_and_offsets_of_the_reference_and_decode_to_themselves(bool fromJson)
    {
        var tokenizer = Load(fromJson);
        var failures = new List<string>();
        var cases = Cases("single.json").ToList();
        foreach (var golden in cases)
        {
            var text = golden.GetProperty("text").GetString()!;
            var encoded = tokenizer.EncodeWithOffsets(text, Unlimited);
            if (!encoded.Ids.SequenceEqual(Integers(golden, "ids")))
                failures.Add($"case {golden.GetProperty("id")}: ids {string.Join(' ', encoded.Ids)}");
            else if (!encoded.Offsets.SequenceEqual(Offsets(golden)))
                failures.Add($"case {golden.GetProperty("id")}: offsets {string.Join(' ', encoded.Offsets)}");
            else if (tokenizer.Decode(encoded.Ids, skipSpecial: false) != text)
                failures.Add($"case {golden.GetProperty("id")}: decoded {tokenizer.Decode(encoded.Ids, skipSpecial: false)}");
        }

        Assert.True(cases.Count >= 300);
        // No case of the reference decodes to anything but its text; if one ever does, the comparison above must read it.
        Assert.DoesNotContain(cases, golden => golden.TryGetProperty("decoded", out _));
        Assert.Empty(failures);
    }

    [Fact]
    public void Long_texts_are_cut_where_the_reference_cuts()
    {
        var tokenizer = Load(fromJson: true);
        var cases = Cases("single.json").Where(golden => golden.TryGetProperty("ids_max64", out _)).ToList();
        Assert.NotEmpty(cases);
        foreach (var golden in cases)
            Assert.Equal(Integers(golden, "ids_max64"), tokenizer.Encode(golden.GetProperty("text").GetString()!, 64));
    }

    [Theory]
    [MemberData(nameof(Sources))]
    public void Conversations_render_and_encode_as_the_reference_does(bool fromJson)
    {
        var tokenizer = Load(fromJson);
        using var document = JsonDocument.Parse(File.ReadAllBytes(TestPaths.RequireGolden("tokenizers", "smollm2", "chat.json")));
        var template = ChatTemplate.Parse(document.RootElement.GetProperty("template").GetString()!, "chat.json");
        var cases = document.RootElement.GetProperty("cases").EnumerateArray().ToList();
        Assert.NotEmpty(cases);
        foreach (var golden in cases)
        {
            var messages = golden.GetProperty("messages").EnumerateArray()
                .Select(message => new ChatMessage(message.GetProperty("role").GetString()!, message.GetProperty("content").GetString()!)).ToList();
            var rendered = template.Render(messages, golden.GetProperty("add_generation_prompt").GetBoolean());
            Assert.Equal(golden.GetProperty("rendered").GetString(), rendered);
            Assert.Equal(Integers(golden, "ids"), tokenizer.Encode(rendered, Unlimited));
        }
    }

    [Fact]
    public void Special_tokens_are_those_of_the_file()
    {
        var tokenizer = Load(fromJson: false);
        Assert.Equal(new SpecialTokenIds(Unknown: 0, Start: 1, End: 2, Pad: 2), tokenizer.Special);
        Assert.Equal((2, 49152), (tokenizer.PadId, tokenizer.VocabularySize));
        Assert.Equal("hi", tokenizer.Decode(tokenizer.Encode("<|im_start|>hi<|im_end|>", 10), skipSpecial: true));
    }

    private static ITokenizer Load(bool fromJson)
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("tokenizer.json");
        using (var packed = new GZipStream(File.OpenRead(TestPaths.RequireGolden("tokenizers", "smollm2", "tokenizer.json.gz")), CompressionMode.Decompress))
        using (var file = File.Create(path))
            packed.CopyTo(file);
        if (fromJson)
            return Tokenizers.Load(folder.Path);
        using var document = JsonDocument.Parse(File.ReadAllBytes(path));
        var model = document.RootElement.GetProperty("model");
        var tokens = model.GetProperty("vocab").EnumerateObject().OrderBy(token => token.Value.GetInt32()).Select(token => token.Name).ToList();
        var added = document.RootElement.GetProperty("added_tokens").EnumerateArray().Select(token => token.GetProperty("id").GetInt32()).ToHashSet();
        return Tokenizers.Create(new BpeVocabulary(
            "smollm2.gguf", tokens, [.. model.GetProperty("merges").EnumerateArray().Select(merge => $"{merge[0]} {merge[1]}")], "smollm")
        {
            TokenTypes = [.. Enumerable.Range(0, tokens.Count).Select(id => added.Contains(id) ? 3 : 1)],
            Special = new SpecialTokenIds(Unknown: 0, Start: 1, End: 2, Pad: 2),
            AddStart = false,
        });
    }

    private static IEnumerable<JsonElement> Cases(string file)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(TestPaths.RequireGolden("tokenizers", "smollm2", file)));
        return [.. document.RootElement.GetProperty("cases").EnumerateArray().Select(golden => golden.Clone())];
    }

    private static int[] Integers(JsonElement golden, string name) => [.. golden.GetProperty(name).EnumerateArray().Select(value => value.GetInt32())];

    private static (int, int)[] Offsets(JsonElement golden)
    {
        var offsets = golden.TryGetProperty("offsets_utf16", out var utf16) ? utf16 : golden.GetProperty("offsets_codepoint");
        return [.. offsets.EnumerateArray().Select(pair => (pair[0].GetInt32(), pair[1].GetInt32()))];
    }
}
