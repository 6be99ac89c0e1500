using System.Text.Json.Nodes;
using FwdLLM.Modeling.Tokenization;
using FwdLLM.Modeling.Tokenization.Format;
using Google.Protobuf;

namespace FwdLLM.Tests.Modeling.Tokenization;

/// <summary>Kinds of tokenizer without a golden file, on small vocabularies against the reference library.</summary>
public sealed class ReferenceTokenizerTests
{
    public static TheoryData<string> Names => ["albert", "unigram_bytes", "roberta", "roberta_prefix", "llama3"];

    [Theory]
    [MemberData(nameof(Names))]
    public void Ids_offsets_and_decoded_text_are_those_of_the_reference(string name)
    {
        var reference = ReferenceFile.Read(name);
        Assert.True(reference.Cases.Count > 100);
        Assert.Equal("", string.Join("\n", reference.Compare(reference.Load())));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Pairs_are_those_of_the_reference(string name)
    {
        var reference = ReferenceFile.Read(name);
        var tokenizer = reference.Load();
        foreach (var golden in reference.Pairs)
        {
            var (ids, types) = tokenizer.EncodePair(golden!["first"]!.GetValue<string>(), golden["second"]!.GetValue<string>(), 100);
            Assert.Equal(ReferenceFile.Integers(golden["ids"]!), ids);
            Assert.Equal(ReferenceFile.Integers(golden["types"]!), types);
        }
    }

    [Fact]
    public void Spiece_model_gives_what_the_tokenizer_json_made_from_it_gives()
    {
        var reference = ReferenceFile.Read("albert");
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder.File("spiece.model"), Albert(reference).ToByteArray());
        var tokenizer = Tokenizers.Load(folder.Path);
        Assert.Equal("", string.Join("\n", reference.Compare(tokenizer)));
        Assert.Equal(new SpecialTokenIds(Unknown: 1, Start: 2, End: 3, Pad: 0, Mask: 4), tokenizer.Special);
    }

    [Theory]
    [InlineData("""{"do_lower_case": false}""", "AB", "<unk>")]
    [InlineData("""{"keep_accents": true}""", "é", "é")]
    [InlineData("""{}""", "É", "e")]
    public void Settings_beside_spiece_model_are_kept(string config, string text, string expected)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder.File("spiece.model"), Albert(ReferenceFile.Read("albert"), charsmap: false).ToByteArray());
        File.WriteAllText(folder.File("tokenizer_config.json"), config);
        var tokenizer = Tokenizers.Load(folder.Path);
        Assert.Equal(expected, tokenizer.Decode(tokenizer.Encode(text, 10)[1..^1], skipSpecial: false));
    }

    [Theory]
    [InlineData("roberta", "{}")]
    [InlineData("roberta_prefix", """{"add_prefix_space": true}""")]
    public void Vocab_json_with_merges_txt_gives_what_tokenizer_json_gives(string name, string config)
    {
        var reference = ReferenceFile.Read(name);
        using var folder = new TemporaryFolder();
        var model = reference.Tokenizer["model"]!;
        File.WriteAllText(folder.File("vocab.json"), model["vocab"]!.ToJsonString());
        File.WriteAllLines(folder.File("merges.txt"), ["#version: 0.2", .. Merges(model)]);
        File.WriteAllText(folder.File("tokenizer_config.json"), config);
        var tokenizer = Tokenizers.Load(folder.Path);
        Assert.Equal("", string.Join("\n", reference.Compare(tokenizer)));
        Assert.Equal(new SpecialTokenIds(Unknown: 3, Start: 0, End: 2, Pad: 1, Mask: 4), tokenizer.Special);
    }

    [Fact]
    public void Lists_of_a_gguf_file_give_what_tokenizer_json_gives()
    {
        var reference = ReferenceFile.Read("llama3");
        var model = reference.Tokenizer["model"]!;
        var own = model["vocab"]!.AsObject().OrderBy(token => token.Value!.GetValue<int>()).Select(token => token.Key).ToList();
        var tokenizer = Tokenizers.Create(new BpeVocabulary("test.gguf", [.. own, "<|begin_of_text|>", "<|eot_id|>"], [.. Merges(model)], "llama-bpe")
        {
            TokenTypes = [.. Enumerable.Repeat(1, own.Count), 3, 3],
            Special = new SpecialTokenIds(Start: own.Count, End: own.Count + 1),
        });
        // The reference has one token more, which GGUF cannot express: it takes the spaces behind it.
        foreach (var golden in reference.Cases.Where(golden => !golden!["text"]!.GetValue<string>().Contains("<|tool|>", StringComparison.Ordinal)))
            Assert.Equal(ReferenceFile.Integers(golden!["ids"]!), tokenizer.Encode(golden["text"]!.GetValue<string>(), 1000));
        Assert.Equal(own.Count + 1, tokenizer.PadId);
    }

    [Theory]
    [InlineData("albert")]
    [InlineData("unigram_bytes")]
    public void Characters_that_the_rules_delete_leave_other_places_alone(string name)
    {
        // Not compared with the reference, whose places shift here.
        var tokenizer = ReferenceFile.Read(name).Load();
        var encoded = tokenizer.EncodeWithOffsets("\u0001a\u0001b", 10);
        Assert.Equal(tokenizer.Encode("ab", 10), encoded.Ids);
        Assert.Equal((3, 4), encoded.Offsets[name == "albert" ? ^2 : ^1]);
    }

    [Fact]
    public void Bytes_without_a_token_vanish_unless_there_is_an_unknown_token()
    {
        var reference = ReferenceFile.Read("llama3");
        var silent = reference.Load();
        Assert.Equal([.. silent.Encode("a", 10), silent.Encode("b", 10)[1]], silent.Encode("a~b", 10));
        Assert.Equal([(0, 0), (0, 1), (2, 3)], silent.EncodeWithOffsets("a~b", 10).Offsets);
        reference.Tokenizer["model"]!["unk_token"] = "zzz";
        var loud = reference.Load();
        var unknown = loud.Encode("zzz", 10)[1];
        Assert.Equal(2, loud.Encode("~~", 10).Count(id => id == unknown));
        reference.Tokenizer["model"]!["fuse_unk"] = true;
        Assert.Equal(1, reference.Load().Encode("~~", 10).Count(id => id == unknown));
    }

    [Fact]
    public void Windows_frame_both_texts_as_pairs_do()
    {
        var tokenizer = ReferenceFile.Read("roberta").Load();
        var windows = tokenizer.EncodeWindows("a", "x x x x x", maxTokens: 8, stride: 1);
        Assert.All(windows, window => Assert.Equal((0, 2, 2, 2), (window.Ids[0], window.Ids[2], window.Ids[3], window.Ids[^1])));
        Assert.All(windows, window => Assert.All(window.TypeIds, type => Assert.Equal(0, type)));
        Assert.Equal((0, 1), windows[0].Offsets[1]);
        Assert.Equal((8, 9), windows[^1].Offsets[^2]);
    }

    internal static SentencePieceModel Albert(ReferenceFile reference, bool charsmap = true)
    {
        var model = new SentencePieceModel { TrainerSpec = new TrainerSpec { ModelType = 1 }, NormalizerSpec = new NormalizerSpec() };
        foreach (var piece in reference.Tokenizer["model"]!["vocab"]!.AsArray())
            model.Pieces.Add(new SentencePiece { Piece = piece![0]!.GetValue<string>(), Score = (float)piece[1]!.GetValue<double>(), Type = 1 });
        for (var id = 0; id < 5; id++)
            model.Pieces[id].Type = id == 1 ? 2 : 3;
        if (charsmap)
            model.NormalizerSpec.PrecompiledCharsmap = ByteString.FromBase64(reference.Tokenizer["normalizer"]!["normalizers"]!.AsArray().Single(step => step!["type"]!.GetValue<string>() == "Precompiled")!["precompiled_charsmap"]!.GetValue<string>());
        return model;
    }

    private static IEnumerable<string> Merges(JsonNode model) => model["merges"]!.AsArray().Select(merge => $"{merge![0]} {merge[1]}");
}
