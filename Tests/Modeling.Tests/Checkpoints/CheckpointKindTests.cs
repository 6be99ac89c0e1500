using System.Text.Json;
using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Tokenization;
using FwdLLM.Tests.Modeling.Checkpoints.Gguf;

namespace FwdLLM.Tests.Modeling.Checkpoints;

/// <summary>Every form of a checkpoint opens as the same model.</summary>
public sealed class CheckpointKindTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void Shards_open_like_one_file()
    {
        var tiny = new TinyBert().Write(_folder.File("one"));
        tiny.Write(_folder.File("shards"));
        File.Delete(_folder.File("shards/model.safetensors"));
        var halves = tiny.Tensors.Values.Chunk(tiny.Tensors.Count / 2 + 1).ToList();
        foreach (var (index, half) in halves.Index())
            SafetensorsWriter.Write(_folder.File($"shards/{index}.safetensors"), half);
        File.WriteAllText(_folder.File("shards/model.safetensors.index.json"), JsonSerializer.Serialize(new
        {
            weight_map = halves.Index().SelectMany(half => half.Item.Select(tensor => (tensor.Name, File: $"{half.Index}.safetensors"))).ToDictionary(entry => entry.Name, entry => entry.File),
        }));

        using var one = Checkpoint.Open(_folder.File("one"));
        using var shards = Checkpoint.Open(_folder.File("shards"));
        Assert.Equal(2, halves.Count);
        Assert.Equal(one.Sha256, shards.Sha256);
        Assert.All(one.Names, name => Assert.Equal(one.ReadFloat32(name), shards.ReadFloat32(name)));
    }

    [Fact]
    public void Gguf_file_is_the_model_of_its_folder()
    {
        using var gguf = Checkpoint.Open(TestPaths.RequireGolden("gguf", "tiny_llama.gguf"));
        using var folder = Checkpoint.Open(TestPaths.RequireGolden("arch", "llama_causal", "model"));
        Assert.Equal(folder.Config with { NormEpsilon = 1e-5f }, gguf.Config);
        Assert.Equal(folder.Names, gguf.Names);
        Assert.Equal(folder.Pooling, gguf.Pooling);
        Assert.All(folder.Names, name => Assert.Equal(folder.Shape(name), gguf.Shape(name)));
        // Stored as it was, so that nothing of row order and transposition hides behind rounding.
        Assert.Equal(folder.ReadFloat32("layers.0.input_layernorm.weight"), gguf.ReadFloat32("layers.0.input_layernorm.weight"));
        Assert.Null(gguf.StoredType("embed_tokens.weight"));
        Assert.Contains("not as I8", Assert.Throws<CheckpointException>(() => gguf.ReadInt8("embed_tokens.weight")).Message, StringComparison.Ordinal);
        Assert.Contains("'score.weight'", Assert.Throws<CheckpointException>(() => gguf.ReadFloat32("score.weight")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Hash_of_a_gguf_file_changes_with_its_contents()
    {
        var bytes = File.ReadAllBytes(TestPaths.RequireGolden("gguf", "tiny_llama.gguf"));
        File.WriteAllBytes(_folder.File("a.gguf"), bytes);
        bytes[^1] ^= 1;
        File.WriteAllBytes(_folder.File("b.gguf"), bytes);
        using var a = Checkpoint.Open(_folder.File("a.gguf"));
        using var b = Checkpoint.Open(_folder.File("b.gguf"));
        using var original = Checkpoint.Open(TestPaths.RequireGolden("gguf", "tiny_llama.gguf"));
        Assert.Equal(original.Sha256, a.Sha256);
        Assert.NotEqual(a.Sha256, b.Sha256);
    }

    [Fact]
    public void Written_tokenizer_of_a_gguf_file_tokenises_as_the_file_does()
    {
        using var checkpoint = Checkpoint.Open(TestPaths.RequireShared("models", "SmolLM2-135M-Instruct-GGUF", "SmolLM2-135M-Instruct.Q4_1.gguf"));
        using var cases = JsonDocument.Parse(File.ReadAllBytes(TestPaths.RequireGolden("tokenizers", "smollm2", "single.json")));
        Write(checkpoint.TokenizerFiles);
        var (direct, loaded) = (checkpoint.LoadTokenizer(), Tokenizers.Load(_folder.Path));
        Assert.Equal(direct.Special with { Mask = loaded.Special.Mask }, loaded.Special);
        Assert.Equal(direct.VocabularySize, loaded.VocabularySize);
        foreach (var item in cases.RootElement.GetProperty("cases").EnumerateArray())
        {
            var ids = item.GetProperty("ids").Deserialize<int[]>()!;
            Assert.Equal(ids, loaded.Encode(item.GetProperty("text").GetString()!, int.MaxValue));
            Assert.Equal(direct.Decode(ids, skipSpecial: true), loaded.Decode(ids, skipSpecial: true));
        }
    }

    [Theory]
    [InlineData("gpt-2", true, true)]
    [InlineData("llama-bpe", null, false)]
    [InlineData("qwen2", false, true)]
    public void Written_tokenizer_keeps_splits_frame_and_added_tokens(string preTokenizer, bool? addStart, bool addEnd)
    {
        var vocabulary = new BpeVocabulary("test", ["<s>", "</s>", "a", "b", "1", "2", "ab", "12", "<x>"], ["a b", "1 2"], preTokenizer)
        {
            TokenTypes = [3, 3, 1, 1, 1, 1, 1, 1, 4],
            Special = new SpecialTokenIds(Start: 0, End: 1),
            AddStart = addStart,
            AddEnd = addEnd,
        };
        Write(BpeTokenizerWriter.Write(vocabulary, chatTemplate: null));
        var (direct, loaded) = (Tokenizers.Create(vocabulary), Tokenizers.Load(_folder.Path));
        foreach (var text in new[] { "", "ab12", "ab<x>12</s>b", "12ab" })
            Assert.Equal(direct.Encode(text, 100), loaded.Encode(text, 100));
        Assert.Equal(direct.EncodePair("ab", "12", 100).Ids, loaded.EncodePair("ab", "12", 100).Ids);
        Assert.Equal(direct.Special, loaded.Special);
    }

    [Fact]
    public void Gguf_file_with_another_tokenizer_is_read_but_its_tokenizer_refused()
    {
        File.WriteAllBytes(_folder.File("model.gguf"), TinyGgufLlama.Metadata("llama").WithTensors().Build());
        using var checkpoint = Checkpoint.Open(_folder.File("model.gguf"));
        Assert.Contains("'llama'", Assert.Throws<CheckpointException>(() => checkpoint.TokenizerFiles).Message, StringComparison.Ordinal);
        Assert.Contains("'llama'", Assert.Throws<CheckpointException>(checkpoint.LoadTokenizer).Message, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private void Write(IEnumerable<TokenizerFile> files)
    {
        foreach (var file in files)
        {
            using var from = file.Open();
            using var to = File.Create(_folder.File(file.Name));
            from.CopyTo(to);
        }
    }
}
