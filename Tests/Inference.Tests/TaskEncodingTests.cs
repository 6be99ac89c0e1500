using System.IO.Compression;
using System.Text.Json;
using FwdLLM.Inference;
using FwdLLM.Learning.Tasks;
using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Tokenization;

namespace FwdLLM.Tests.Inference;

/// <summary>Rows of each task as tokens, with the tokenizers of the reference data.</summary>
public sealed class TaskEncodingTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Every_window_has_question_and_context_and_one_at_least_has_the_answer()
    {
        var tokenizer = Tokenizers.Load(TestPaths.RequireGolden("tokenizers", "bert_uncased"));
        const string Question = "Where did it begin?";
        var context = string.Join(' ', Enumerable.Range(0, 60).Select(i => $"word{i}")) + ", in Zürich's old town.";
        var answer = context.IndexOf("Zürich", StringComparison.Ordinal);
        var windows = new QuestionWindows(tokenizer, 48, 12).Cut(Question, context);

        Assert.True(windows.Count > 2);
        Assert.Equal(0, windows[0].Offsets[windows[0].First].Start);
        Assert.Equal(context.Length, windows[^1].Offsets[windows[^1].Last].End);
        foreach (var window in windows)
        {
            Assert.Equal(tokenizer.Special.End, window.Tokens.Ids[window.First - 1]);
            Assert.Equal(window.Tokens.Length - 2, window.Last);
            var span = window.Find(answer, "Zürich".Length);
            if (span != new SpanTarget(0, 0))
                Assert.Equal("Zürich", window.Text(context, span));
        }

        Assert.NotEqual(new SpanTarget(0, 0), windows[^1].Find(answer, "Zürich".Length));
        Assert.Equal(new SpanTarget(0, 0), windows[0].Find(answer, "Zürich".Length));
        // Neighbours share the stride.
        Assert.Equal(windows[0].Offsets[windows[0].Last - 11], windows[1].Offsets[windows[1].First]);
    }

    [Fact]
    public void Answer_inside_a_word_is_learnt_as_the_tokens_that_cover_it()
    {
        var window = new QuestionWindow(new TokenSequence([1, 2, 3, 4, 5, 6]), [(0, 0), (0, 3), (0, 0), (0, 4), (5, 9), (0, 0)], 3, 4);
        Assert.Equal(new SpanTarget(4, 4), window.Find(6, 2));
        Assert.Equal(new SpanTarget(3, 4), window.Find(0, 9));
        Assert.Equal(new SpanTarget(0, 0), window.Find(8, 4));
    }

    [Fact]
    public void Prompt_keeps_its_end_and_a_word_is_its_first_token()
    {
        var tokenizer = SmolLm();
        var prompt = new PromptTemplate("Review: {text}\nSentiment:", tokenizer);
        var tail = tokenizer.Encode("\nSentiment:", int.MaxValue);
        var cut = prompt.Encode(string.Concat(Enumerable.Repeat("very good 😀 ", 200)), 40);
        Assert.InRange(cut.Length, 30, 40);
        Assert.Equal(tail, cut[^tail.Length..]);
        Assert.Equal("Review: short\nSentiment:", tokenizer.Decode(prompt.Encode("short", 40), skipSpecial: false));
        Assert.Equal(" good", tokenizer.Decode([prompt.FirstToken("good")], skipSpecial: false));
        Assert.Equal("good", tokenizer.Decode([new PromptTemplate("{text}\n", tokenizer).FirstToken("good")], skipSpecial: false));
        Assert.Contains("alone has", Assert.Throws<ArgumentException>(() => prompt.Encode("x", 4)).Message, StringComparison.Ordinal);
        Assert.Contains("2 times", Assert.Throws<ArgumentException>(() => new PromptTemplate("{text}{text}", tokenizer)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Only_answers_are_predicted_each_from_the_token_before_it()
    {
        var tokenizer = SmolLm();
        var (sequence, target) = new AnswerEncoder(tokenizer, null, 64).Encode("The capital of France is", " Paris, of course.");
        Assert.All(target.Rows.Zip(target.Tokens), pair => Assert.Equal(pair.Second, sequence.Ids[pair.First + 1]));
        Assert.Equal(" Paris, of course.", tokenizer.Decode(target.Tokens, skipSpecial: true));
        Assert.Equal(tokenizer.Special.End, target.Tokens[^1]);
        Assert.Empty(new AnswerEncoder(tokenizer, null, 4).Encode("The capital of France is", " Paris.").Target.Tokens);
    }

    [Fact]
    public void Turns_of_the_assistant_are_the_answers_of_a_conversation()
    {
        using var chat = JsonDocument.Parse(File.ReadAllBytes(TestPaths.RequireGolden("tokenizers", "smollm2", "chat.json")));
        var folder = Path.GetDirectoryName(_folder.File("chat/tokenizer_config.json"))!;
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "tokenizer_config.json"), JsonSerializer.Serialize(new { chat_template = chat.RootElement.GetProperty("template").GetString() }));
        var tokenizer = SmolLm();
        var encoder = new AnswerEncoder(tokenizer, ChatTemplateFile.Load(folder), 512);
        var (sequence, target) = encoder.Encode([new("user", "Hi"), new("assistant", "Hello there."), new("user", "Bye"), new("assistant", "Good bye!")]);
        Assert.Equal("Hello there.<|im_end|>Good bye!<|im_end|>", tokenizer.Decode(target.Tokens, skipSpecial: false));
        Assert.All(target.Rows.Zip(target.Tokens), pair => Assert.Equal(pair.Second, sequence.Ids[pair.First + 1]));
        Assert.Throws<ArgumentException>(() => new AnswerEncoder(tokenizer, null, 512).Encode([new("user", "Hi"), new("assistant", "x")]));
    }

    [Fact]
    public void Folder_without_a_chat_template_is_named()
    {
        var folder = Path.GetDirectoryName(_folder.File("none/x"))!;
        Directory.CreateDirectory(folder);
        Assert.Contains("has no chat_template", Assert.Throws<CheckpointException>(() => ChatTemplateFile.Load(folder)).Message, StringComparison.Ordinal);
        File.WriteAllText(Path.Combine(folder, "tokenizer_config.json"), "{");
        Assert.Contains("is not JSON", Assert.Throws<CheckpointException>(() => ChatTemplateFile.Load(folder)).Message, StringComparison.Ordinal);
    }

    private ITokenizer SmolLm()
    {
        var path = _folder.File("smollm2/tokenizer.json");
        if (!File.Exists(path))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            using var packed = new GZipStream(File.OpenRead(TestPaths.RequireGolden("tokenizers", "smollm2", "tokenizer.json.gz")), CompressionMode.Decompress);
            using var file = File.Create(path);
            packed.CopyTo(file);
            File.WriteAllText(_folder.File("smollm2/special_tokens_map.json"), """{"eos_token": "<|im_end|>"}""");
        }

        return Tokenizers.Load(Path.GetDirectoryName(path)!);
    }
}
