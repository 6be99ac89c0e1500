using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Checkpoints.Gguf;

namespace FwdLLM.Tests.Modeling.Checkpoints.Gguf;

/// <summary>Against what gguf-py says of the same bytes.</summary>
public sealed class GgufGoldenTests
{
    private const string SmolFolder = "SmolLM2-135M-Instruct-GGUF";
    private const string SmolFile = "SmolLM2-135M-Instruct.Q4_1.gguf";

    [Fact]
    public void Every_block_type_dequantises_to_the_reference_bits()
    {
        using var blocks = JsonDocument.Parse(File.ReadAllText(TestPaths.RequireGolden("gguf", "blocks.json")));
        var seen = new HashSet<GgufTensorType>();
        foreach (var block in blocks.RootElement.GetProperty("cases").EnumerateArray())
        {
            var type = (GgufTensorType)block.GetProperty("type_id").GetInt32();
            Assert.Equal(block.GetProperty("type").GetString(), type.ToString());
            Assert.Equal((block.GetProperty("block_elements").GetInt32(), block.GetProperty("block_bytes").GetInt32()), (type.BlockElements(), type.BlockBytes()));
            var raw = block.GetProperty("raw_b64").GetBytesFromBase64();
            var expected = block.GetProperty("dequantised_f32_b64").GetBytesFromBase64();
            var values = new float[raw.Length / type.BlockBytes() * type.BlockElements()];
            BlockDecoder.Decode(type, raw, values);
            Assert.Equal(expected, MemoryMarshal.AsBytes<float>(values).ToArray());
            seen.Add(type);
        }

        Assert.Equal(10, seen.Count);
    }

    [Fact]
    public void Tiny_file_reads_as_the_reference_says()
    {
        using var expected = JsonDocument.Parse(File.ReadAllText(TestPaths.RequireGolden("gguf", "tiny_llama.json")));
        using var file = GgufFile.Open(TestPaths.RequireGolden("gguf", "tiny_llama.gguf"));
        Assert.Equal(expected.RootElement.GetProperty("alignment").GetInt64(), file.Alignment);
        Assert.Equal(expected.RootElement.GetProperty("data_section_offset").GetInt64(), file.DataOffset);
        CheckMetadata(expected.RootElement.GetProperty("metadata"), file);
        CheckTensors(expected.RootElement.GetProperty("tensors"), file);
    }

    [Fact]
    public void SmolLM2_reads_as_the_reference_says()
    {
        using var metadata = JsonDocument.Parse(File.ReadAllText(TestPaths.RequireGolden("gguf", "smollm2_metadata.json")));
        using var tensors = JsonDocument.Parse(File.ReadAllText(TestPaths.RequireGolden("gguf", "smollm2_tensors.json")));
        using var file = GgufFile.Open(TestPaths.RequireShared("models", SmolFolder, SmolFile));
        CheckMetadata(metadata.RootElement, file);
        CheckTensors(tensors.RootElement.GetProperty("tensors"), file);
    }

    [Fact]
    public void SmolLM2_config_and_tokenizer_are_complete()
    {
        using var file = GgufFile.Open(TestPaths.RequireShared("models", SmolFolder, SmolFile));
        Assert.Equal(new GgufLlamaConfig(30, 576, 1536, 9, 3, 64, 8192, 49152, 1e-5f, 100_000, 1, null, true), GgufLlamaConfig.Read(file));
        var tokenizer = GgufTokenizerData.Read(file.Metadata);
        Assert.Equal(("gpt2", "smollm"), (tokenizer.Model, tokenizer.PreTokenizer));
        Assert.Equal((49152, 48900, 49152, 0), (tokenizer.Tokens.Length, tokenizer.Merges.Length, tokenizer.Types.Length, tokenizer.Scores.Length));
        Assert.Equal((1, 2, 0, 2), (tokenizer.BeginId, tokenizer.EndId, tokenizer.UnknownId, tokenizer.PaddingId));
        Assert.Equal((null, null), (tokenizer.EndOfTurnId, tokenizer.SeparatorId));
        Assert.Equal((false, null, false), (tokenizer.AddBegin, tokenizer.AddEnd, tokenizer.AddSpacePrefix));
        Assert.StartsWith("{% for message in messages %}", tokenizer.ChatTemplate, StringComparison.Ordinal);
    }

    [Fact]
    public void Tiny_model_under_its_new_names_is_the_model_it_was_made_from()
    {
        using var source = SafetensorsFile.Open(TestPaths.RequireGolden("arch", "llama_causal", "model", "model.safetensors"));
        using var file = GgufFile.Open(TestPaths.RequireGolden("gguf", "tiny_llama.gguf"));
        var tensors = new GgufLlamaTensors(file);
        Assert.Equal(new GgufLlamaConfig(2, 64, 128, 4, 2, 16, 64, 128, 1e-5f, 10_000, 1, null, true), tensors.Config);
        Assert.Equal(source.Tensors.Keys.Order(StringComparer.Ordinal), tensors.Names.Order(StringComparer.Ordinal));
        foreach (var name in tensors.Names)
        {
            var (expected, actual) = (source.ReadFloat32(name), tensors.ReadFloat32(name));
            Assert.Equal(source.Shape(name), tensors.Shape(name));
            var error = Math.Sqrt(expected.Zip(actual, (a, b) => Math.Pow(a - b, 2)).Sum() / expected.Sum(a => Math.Pow(a, 2)));
            // Four bits are off by a tenth; another tensor, or rows in another order, by more than one.
            Assert.True(error < 0.15, $"{name} is off by {error.ToString(CultureInfo.InvariantCulture)}");
        }
    }

    private static void CheckMetadata(JsonElement expected, GgufFile file)
    {
        var entries = expected.EnumerateObject().ToDictionary(entry => entry.Name, entry => entry.Value);
        Assert.Equal(entries["GGUF.version"].GetProperty("value").GetInt32(), file.Version);
        Assert.Equal(entries["GGUF.tensor_count"].GetProperty("value").GetInt32(), file.Tensors.Count);
        Assert.Equal(entries["GGUF.kv_count"].GetProperty("value").GetInt32(), file.Metadata.Values.Count);
        Assert.Equal(entries.Count - 3, file.Metadata.Values.Count);
        foreach (var (key, entry) in entries.Where(entry => !entry.Key.StartsWith("GGUF.", StringComparison.Ordinal)))
        {
            var value = file.Metadata.Values[key];
            string?[] kinds = [value.Kind.ToString(), value.ElementKind?.ToString()];
            Assert.Equal(entry.GetProperty("type").EnumerateArray().Select(kind => kind.GetString()), kinds.OfType<string>().Select(kind => kind.ToUpperInvariant()));
            if (entry.TryGetProperty("sha256", out var hash))
                Assert.Equal(hash.GetString(), HashOf(value.Content));
            else if (value.Content is Array array)
            {
                Assert.Equal(entry.GetProperty("value").GetArrayLength(), array.Length);
                Assert.All(entry.GetProperty("value").EnumerateArray().Zip(array.Cast<object>()), pair => Assert.True(Same(pair.First, pair.Second), $"{key} has {pair.Second}"));
            }
            else
                Assert.True(Same(entry.GetProperty("value"), value.Content), $"{key} is {value.Content}");
        }
    }

    private static void CheckTensors(JsonElement expected, GgufFile file)
    {
        var llama = new GgufLlamaTensors(file);
        var hugging = llama.Names.ToDictionary(name => llama.Stored(name).Name);
        Assert.Equal(file.Tensors.Count, expected.GetArrayLength());
        foreach (var entry in expected.EnumerateArray())
        {
            var tensor = file[entry.GetProperty("name").GetString()!];
            Assert.Equal((entry.GetProperty("type_id").GetInt32(), entry.GetProperty("n_bytes").GetInt64()), ((int)tensor.Type, tensor.Length));
            Assert.Equal(entry.GetProperty("file_offset").GetInt64(), tensor.Offset);
            Assert.Equal(entry.GetProperty("shape_rowmajor").EnumerateArray().Select(size => size.GetInt32()), tensor.Shape);
            Assert.Equal(entry.GetProperty("sha256_raw").GetString(), Hash(file.ReadBytes(tensor.Name)));
            Assert.Equal(entry.GetProperty("sha256_f32").GetString(), HashByRows(tensor, (row, target) => file.ReadRows(tensor.Name, row, target)));
            var name = hugging[tensor.Name];
            if (!entry.TryGetProperty("sha256_f32_hf_order", out var reordered))
                reordered = entry.GetProperty("sha256_f32");
            Assert.Equal(reordered.GetString(), Hash(MemoryMarshal.AsBytes<float>(llama.ReadFloat32(name))));
            Assert.Equal(reordered.GetString(), HashByRows(tensor, (row, target) =>
            {
                var blocks = new byte[target.Length / tensor.RowElements * tensor.RowBytes];
                llama.CopyRows(name, row, blocks);
                BlockDecoder.Decode(tensor.Type, blocks, target);
            }));
        }
    }

    private delegate void ReadRows(long row, Span<float> target);

    private static string HashByRows(GgufTensor tensor, ReadRows read)
    {
        const int rowsAtOnce = 1000;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var values = new float[Math.Min(rowsAtOnce, tensor.Rows) * tensor.RowElements];
        for (long row = 0; row < tensor.Rows; row += rowsAtOnce)
        {
            var part = values.AsSpan(0, (int)Math.Min(rowsAtOnce, tensor.Rows - row) * tensor.RowElements);
            read(row, part);
            hash.AppendData(MemoryMarshal.AsBytes(part));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static string HashOf(object content) => content is string[] texts
        ? Hash(Encoding.UTF8.GetBytes(string.Join('\n', texts)))
        : Hash(MemoryMarshal.AsBytes<int>((int[])content));

    private static string Hash(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    private static bool Same(JsonElement expected, object actual) => actual switch
    {
        string text => text == expected.GetString(),
        bool flag => flag == expected.GetBoolean(),
        float single => single == expected.GetSingle(),
        double wide => wide == expected.GetDouble(),
        _ => Convert.ToString(actual, CultureInfo.InvariantCulture) == expected.GetRawText(),
    };
}
