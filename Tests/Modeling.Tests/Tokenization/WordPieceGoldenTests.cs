using System.Text.Json;
using FwdLLM.Modeling.Tokenization;

namespace FwdLLM.Tests.Modeling.Tokenization;

/// <summary>Every case of the reference library, id for id and offset for offset. The library's table quirks hold here too, so no case is compared leniently.</summary>
public sealed class WordPieceGoldenTests
{
    private const int Unlimited = 1_000_000;

    [Fact]
    public void Single_texts_give_the_ids_and_offsets_of_the_reference()
    {
        var tokenizer = WordPieceTokenizer.Load(TestPaths.RequireGolden("tokenizers", "bert_uncased"));
        var failures = new List<string>();
        var cases = ReadCases("single.json");
        foreach (var golden in cases)
        {
            var encoded = tokenizer.EncodeWithOffsets(golden.GetProperty("text").GetString()!, Unlimited);
            if (!encoded.Ids.SequenceEqual(Integers(golden, "ids")))
                failures.Add($"case {golden.GetProperty("id")}: ids {string.Join(' ', encoded.Ids)}");
            else if (!encoded.Offsets.SequenceEqual(Offsets(golden)))
                failures.Add($"case {golden.GetProperty("id")}: offsets {string.Join(' ', encoded.Offsets)}");
        }

        Assert.True(cases.Count >= 300);
        Assert.Empty(failures);
    }

    [Fact]
    public void Long_texts_are_cut_where_the_reference_cuts()
    {
        var tokenizer = WordPieceTokenizer.Load(TestPaths.RequireGolden("tokenizers", "bert_uncased"));
        var cases = ReadCases("single.json").Where(golden => golden.TryGetProperty("ids_max64", out _)).ToList();
        Assert.NotEmpty(cases);
        foreach (var golden in cases)
            Assert.Equal(Integers(golden, "ids_max64"), tokenizer.Encode(golden.GetProperty("text").GetString()!, 64));
    }

    [Fact]
    public void Question_windows_give_the_ids_types_and_offsets_of_the_reference()
    {
        var tokenizer = WordPieceTokenizer.Load(TestPaths.RequireGolden("tokenizers", "bert_uncased"));
        var cases = ReadCases("pairs.json");
        Assert.NotEmpty(cases);
        foreach (var golden in cases)
        {
            var windows = tokenizer.EncodeWindows(
                golden.GetProperty("question").GetString()!, golden.GetProperty("context").GetString()!,
                golden.GetProperty("max_length").GetInt32(), golden.GetProperty("stride").GetInt32());
            var expected = golden.GetProperty("windows").EnumerateArray().ToList();
            Assert.Equal(expected.Count, windows.Count);
            foreach (var (window, reference) in windows.Zip(expected))
            {
                Assert.Equal(Integers(reference, "ids"), window.Ids);
                Assert.Equal(Integers(reference, "type_ids"), window.TypeIds);
                Assert.Equal(Offsets(reference), window.Offsets);
            }
        }
    }

    [Fact]
    public void Tokenizer_json_and_vocab_txt_of_one_model_agree()
    {
        var golden = TestPaths.RequireGolden("tokenizers", "bert_uncased");
        using var folder = new TemporaryFolder();
        File.Copy(Path.Combine(golden, "tokenizer.json"), folder.File("tokenizer.json"));
        var fromJson = WordPieceTokenizer.Load(folder.Path);
        var fromText = WordPieceTokenizer.Load(golden);
        Assert.Equal(fromText.Vocabulary.Pieces, fromJson.Vocabulary.Pieces);
        Assert.Equal(fromText.Settings, fromJson.Settings);
    }

    private static List<JsonElement> ReadCases(string file)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(TestPaths.RequireGolden("tokenizers", "bert_uncased", file)));
        return [.. document.RootElement.GetProperty("cases").EnumerateArray().Select(golden => golden.Clone())];
    }

    private static int[] Integers(JsonElement golden, string name) => [.. golden.GetProperty(name).EnumerateArray().Select(value => value.GetInt32())];

    private static (int, int)[] Offsets(JsonElement golden)
    {
        var offsets = golden.TryGetProperty("offsets_utf16", out var utf16) ? utf16 : golden.GetProperty("offsets_codepoint");
        return [.. offsets.EnumerateArray().Select(pair => (pair[0].GetInt32(), pair[1].GetInt32()))];
    }
}
