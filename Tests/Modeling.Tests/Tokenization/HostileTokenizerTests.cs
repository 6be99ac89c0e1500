using System.Diagnostics;
using System.Text.Json.Nodes;
using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Tokenization;
using FwdLLM.Modeling.Tokenization.Format;
using Google.Protobuf;

namespace FwdLLM.Tests.Modeling.Tokenization;

/// <summary>Files that lie give one error that names them; texts of any kind and length give ids.</summary>
public sealed class HostileTokenizerTests
{
    public static TheoryData<string> Names => ReferenceTokenizerTests.Names;

    public static TheoryData<string, string, string, string> Damages => new()
    {
        // file, path of what is replaced, by what, what the error must say
        { "llama3", "model/type", "\"WordLevel\"", "'WordLevel'" },
        { "llama3", "model/merges/0", "[\"a\", \"nowhere\"]", "'nowhere'" },
        { "llama3", "model/merges/0", "\"a b c\"", "'a b c'" },
        { "llama3", "model/merges/0", "7", "merges" },
        { "llama3", "model/vocab/a", "99999999", "'a' has id 99999999" },
        { "llama3", "model/vocab/a", "-1", "'a' has id -1" },
        { "llama3", "model/vocab/a", "0", "id 0" },
        { "llama3", "model/vocab/a", "1e99", "1e99" },
        { "llama3", "model/vocab", "[]", "vocab" },
        { "llama3", "model/dropout", "0.1", "dropout" },
        { "llama3", "model/end_of_word_suffix", "\"</w>\"", "</w>" },
        { "llama3", "model/unk_token", "\"nowhere\"", "'nowhere'" },
        { "llama3", "added_tokens/0/id", "3", "id 3" },
        { "llama3", "added_tokens/0/id", "2000000000", "2000000000" },
        { "llama3", "added_tokens/0/single_word", "true", "single_word" },
        { "llama3", "normalizer", "{\"type\": \"NFC\"}", "'NFC'" },
        { "llama3", "pre_tokenizer", "{\"type\": \"Whitespace\"}", "'Whitespace'" },
        { "llama3", "pre_tokenizer/pretokenizers/0/pattern/Regex", "\"(a+)+$\"", "(a+)+$" },
        { "llama3", "post_processor/processors/1/special_tokens/<|begin_of_text|>/ids/0", "5000", "5000" },
        { "llama3", "post_processor/processors/1/single", "[]", "template" },
        { "roberta", "post_processor/sep", "[\"</s>\", 70000]", "70000" },
        { "roberta", "post_processor/type", "\"Other\"", "'Other'" },
        { "albert", "model/unk_id", "100000", "100000" },
        { "albert", "model/unk_id", "null", "unk_id" },
        { "albert", "model/vocab/7", "[\"a\"]", "vocab" },
        { "albert", "model/vocab/7", "[\"[SEP]\", -1]", "'[SEP]'" },
        { "albert", "model/vocab/7", "[\"new\", 1e999]", "score" },
        { "albert", "normalizer/normalizers/5/precompiled_charsmap", "\"////f////w==\"", "precompiled_charsmap" },
        { "albert", "normalizer/normalizers/5/precompiled_charsmap", "\"*\"", "Base64" },
        { "albert", "normalizer/normalizers/3", "{\"type\": \"Lowercase\"}", "NFKD" },
        { "albert", "pre_tokenizer/pretokenizers/0", "{\"type\": \"Punctuation\"}", "Punctuation" },
    };

    [Theory]
    [MemberData(nameof(Damages))]
    public void Damaged_tokenizer_json_is_refused_by_name(string name, string place, string replacement, string reason)
    {
        var reference = ReferenceFile.Read(name);
        var keys = place.Split('/');
        var parent = keys[..^1].Aggregate((JsonNode)reference.Tokenizer, (node, key) => (node is JsonArray array ? array[int.Parse(key)] : node[key])!);
        var value = JsonNode.Parse(replacement);
        if (parent is JsonArray list)
            list[int.Parse(keys[^1])] = value;
        else
            parent[keys[^1]] = value;
        var error = Assert.Throws<CheckpointException>(reference.Load);
        Assert.Contains("tokenizer.json", error.Message, StringComparison.Ordinal);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        Assert.True(error.Message.Length < 1000);
    }

    [Fact]
    public void Half_a_surrogate_pair_in_a_file_is_refused()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("tokenizer.json"), ReferenceFile.Read("albert").Tokenizer.ToJsonString().Replace("[\"ing\"", "[\"\\ud800\"", StringComparison.Ordinal));
        Assert.Contains("Unicode", Assert.Throws<CheckpointException>(() => Tokenizers.Load(folder.Path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Any_damage_to_spiece_model_gives_a_tokenizer_or_the_one_error()
    {
        var bytes = ReferenceTokenizerTests.Albert(ReferenceFile.Read("albert")).ToByteArray();
        var random = new Random(20262);
        var refused = 0;
        using var folder = new TemporaryFolder();
        for (var round = 0; round < 300; round++)
        {
            var damaged = bytes[..(round % 3 == 0 ? random.Next(bytes.Length) : bytes.Length)];
            for (var flips = random.Next(1, 20); flips > 0 && damaged.Length > 0; flips--)
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            File.WriteAllBytes(folder.File("spiece.model"), damaged);
            try
            {
                Assert.NotEmpty(Tokenizers.Load(folder.Path).Encode("Ａ hello ﬁ e\u0301 \u3000 world 😀", 50));
            }
            catch (CheckpointException error)
            {
                Assert.Contains("spiece.model", error.Message, StringComparison.Ordinal);
                refused++;
            }
        }

        Assert.InRange(refused, 1, 299);
    }

    [Fact]
    public void Spiece_model_of_another_kind_is_refused()
    {
        using var folder = new TemporaryFolder();
        var model = ReferenceTokenizerTests.Albert(ReferenceFile.Read("albert"));
        model.TrainerSpec.ModelType = 2;
        File.WriteAllBytes(folder.File("spiece.model"), model.ToByteArray());
        Assert.Contains("type 2", Assert.Throws<CheckpointException>(() => Tokenizers.Load(folder.Path)).Message, StringComparison.Ordinal);
        File.WriteAllBytes(folder.File("spiece.model"), new SentencePieceModel().ToByteArray());
        Assert.Contains("no tokens", Assert.Throws<CheckpointException>(() => Tokenizers.Load(folder.Path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Lists_that_do_not_fit_each_other_are_refused()
    {
        var good = new BpeVocabulary("test.gguf", ["a", "b", "ab"], ["a b"], "gpt-2");
        Assert.Equal([2], Tokenizers.Create(good).Encode("ab", 5));
        foreach (var (bad, reason) in new (BpeVocabulary, string)[]
        {
            (good with { PreTokenizer = "tekken" }, "'tekken'"),
            (good with { TokenTypes = [1] }, "1 token types"),
            (good with { Tokens = ["a", "b", "a"] }, "'a'"),
            (good with { Tokens = ["a", "b"] }, "'ab'"),
            (good with { Tokens = [] , Merges = [] }, "no tokens"),
            (good with { Merges = ["a b", "a b"] }, "twice"),
            (good with { Merges = ["ab"] }, "'ab'"),
            (good with { Special = new SpecialTokenIds(End: 3) }, "id 3"),
        })
        {
            var error = Assert.Throws<CheckpointException>(() => Tokenizers.Create(bad));
            Assert.Contains("test.gguf", error.Message, StringComparison.Ordinal);
            Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Folder_without_tokenizer_files_is_refused_by_name()
    {
        using var folder = new TemporaryFolder();
        Assert.Contains(folder.Path, Assert.Throws<CheckpointException>(() => Tokenizers.Load(folder.Path)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Any_text_gives_ids_in_range_places_in_it_and_a_prefix_when_cut(string name)
    {
        const string common = "abAB 12.'\u0301\u4e2d\uac01\0\t\n\u00a0<s>[]";
        var tokenizer = ReferenceFile.Read(name).Load();
        var random = new Random(20261);
        for (var round = 0; round < 500; round++)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(30)).Select(_ => random.Next(4) == 0 ? (char)random.Next(0x10000) : common[random.Next(common.Length)]));
            var whole = tokenizer.EncodeWithOffsets(text, 10_000);
            Assert.All(whole.Ids, id => Assert.InRange(id, 0, tokenizer.VocabularySize - 1));
            Assert.All(whole.Offsets, place => Assert.True(place.Start >= 0 && place.Start <= place.End && place.End <= text.Length));
            var cut = tokenizer.Encode(text, 6);
            var kept = Math.Max(0, cut.Length - 2);
            Assert.Equal(whole.Ids[..kept], cut[..kept]);
            Assert.True(cut.Length <= 6 && (whole.Ids.Length > 6 || cut.SequenceEqual(whole.Ids)));
            tokenizer.Decode(whole.Ids, skipSpecial: true);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Megabytes_take_seconds_not_hours(string name)
    {
        var tokenizer = ReferenceFile.Read(name).Load();
        var clock = Stopwatch.StartNew();
        foreach (var unit in new[] { "a", " ", "1", "\n", "<s>", "\u0301", "'", "😀" })
        {
            var text = string.Concat(Enumerable.Repeat(unit, 1_000_000 / unit.Length));
            Assert.NotEmpty(tokenizer.Encode(text, int.MaxValue));
        }

        // Quadratic work on a million of anything takes hours; this is far beyond what the slowest machine needs for linear work.
        Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromMinutes(3));
    }

    [Fact]
    public void Decoding_an_id_beyond_the_vocabulary_names_it()
    {
        var tokenizer = ReferenceFile.Read("roberta").Load();
        Assert.Contains("100000", Assert.Throws<ArgumentOutOfRangeException>(() => tokenizer.Decode([100000], skipSpecial: false)).Message, StringComparison.Ordinal);
    }
}
