using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Compaction;
using FwdLLM.Modeling.Tokenization;

namespace FwdLLM.Tests.Modeling.Compaction;

public sealed class ModelCompactorTests
{
    private static readonly string[] Corpus = ["abcab cab", "ab ab zy", "quid!"];

    [Fact]
    public void Weights_come_back_within_half_a_step_of_their_row()
    {
        using var folder = new TemporaryFolder();
        var source = GoldenSource(folder, "bert_seqcls");
        var report = Compact(source, folder.File("compact"), new CompactionOptions(VocabularyLimit: 59), Corpus);
        using var before = Checkpoint.Open(source);
        using var after = Checkpoint.Open(folder.File("compact"));
        Assert.Equal(59, report.Pieces);
        Assert.Equal(before.Sha256, report.SourceSha256);
        Assert.Equal(before.Config with { VocabularySize = 59 }, after.Config);
        Assert.Equal(PoolingKind.Pooler, after.Pooling);
        Assert.All(after.Names.Where(name => name != "embeddings.word_embeddings.weight"), name => AssertClose(before, after, name));
        Assert.Equal(TensorType.I8, after.StoredType("encoder.layer.0.intermediate.dense.weight"));
        Assert.Equal(before.ReadFloat32("classifier.weight"), after.ReadFloat32("classifier.weight"));
    }

    [Fact]
    public void Kept_pieces_keep_their_embeddings_and_their_order()
    {
        using var folder = new TemporaryFolder();
        var source = GoldenSource(folder, "bert_base");
        Compact(source, folder.File("compact"), new CompactionOptions(VocabularyLimit: 58), Corpus);
        using var before = Checkpoint.Open(source);
        using var after = Checkpoint.Open(folder.File("compact"));
        var (oldPieces, newPieces) = (WordPieceTokenizer.Load(source).Vocabulary.Pieces.ToList(), WordPieceTokenizer.Load(after.Location).Vocabulary.Pieces);
        Assert.Contains("ab", newPieces);
        Assert.DoesNotContain("ca", newPieces);
        Assert.DoesNotContain("[unused0]", newPieces);
        var rows = newPieces.Select(piece => oldPieces.IndexOf(piece)).ToList();
        Assert.Equal(rows.Order(), rows);
        var hidden = before.Config.HiddenSize;
        var (old, kept) = (before.ReadFloat32("embeddings.word_embeddings.weight"), after.ReadFloat32("embeddings.word_embeddings.weight"));
        for (var row = 0; row < rows.Count; row++)
            AssertRowsClose(old.AsSpan(rows[row] * hidden, hidden), kept.AsSpan(row * hidden, hidden), "word embedding");
    }

    [Fact]
    public void Pooler_is_dropped_where_the_mean_is_used()
    {
        using var folder = new TemporaryFolder();
        new TinyBert(pooler: true) { Pooling = "pooling_mode_mean_tokens" }.Write(folder.File("source"));
        Compact(folder.File("source"), folder.File("compact"), new CompactionOptions(), Corpus);
        using var after = Checkpoint.Open(folder.File("compact"));
        Assert.Equal(PoolingKind.Mean, after.Pooling);
        Assert.False(after.Contains("pooler.dense.weight"));
    }

    [Fact]
    public void Equal_input_gives_equal_bytes()
    {
        using var folder = new TemporaryFolder();
        var source = GoldenSource(folder, "bert_base");
        foreach (var target in new[] { "1", "2" })
            Compact(source, folder.File(target), new CompactionOptions(VocabularyLimit: 60), Corpus);
        var files = Directory.GetFiles(folder.File("1")).Select(Path.GetFileName).ToList();
        Assert.Equal(["NOTICE", "config.json", "model.safetensors", "tokenizer_config.json", "vocab.txt"], files.Order(StringComparer.Ordinal));
        Assert.All(files, file => Assert.Equal(File.ReadAllBytes(Path.Combine(folder.File("1"), file!)), File.ReadAllBytes(Path.Combine(folder.File("2"), file!))));
    }

    [Fact]
    public void Model_over_the_byte_limit_is_refused_with_the_limit_that_would_fit_and_nothing_is_left()
    {
        using var folder = new TemporaryFolder();
        var source = GoldenSource(folder, "bert_base");
        var full = Compact(source, folder.File("full"), new CompactionOptions(), AllPieces());
        var error = Assert.Throws<CheckpointException>(() => Compact(source, folder.File("small"), new CompactionOptions(MaxBytes: full.Bytes - 500), AllPieces()));
        Assert.Contains("lower VocabularyLimit", error.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder.File("small")));
        Assert.Equal(2, Directory.GetDirectories(folder.Path).Length);
        var suggested = int.Parse(error.Message.Split("to about ")[1].Split(',')[0], System.Globalization.CultureInfo.InvariantCulture);
        Compact(source, folder.File("small"), new CompactionOptions(suggested, full.Bytes - 500), AllPieces());
    }

    [Fact]
    public void Limit_below_the_single_characters_is_refused_with_their_number()
    {
        using var folder = new TemporaryFolder();
        var source = GoldenSource(folder, "bert_base");
        var error = Assert.Throws<CheckpointException>(() => Compact(source, folder.File("compact"), new CompactionOptions(VocabularyLimit: 20), Corpus));
        Assert.Contains("are 57 pieces", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Vocabulary_that_lacks_a_character_it_uses_is_refused_by_piece()
    {
        using var folder = new TemporaryFolder();
        new TinyBert([.. WordPieceVocabulary.SpecialTokens, "a", "b", "##a", "ab"]).Write(folder.File("source"));
        var error = Assert.Throws<CheckpointException>(() => Compact(folder.File("source"), folder.File("compact"), new CompactionOptions(), Corpus));
        Assert.Contains("'##b'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Target_in_use_and_weights_that_are_not_finite_are_refused()
    {
        using var folder = new TemporaryFolder();
        var tiny = new TinyBert();
        tiny.Tensors["embeddings.token_type_embeddings.weight"] = SafetensorsTensor.Float32("embeddings.token_type_embeddings.weight", [2, 4], [0, 0, 0, float.NaN, 0, 0, 0, 0]);
        tiny.Write(folder.File("source"));
        void CompactTo(string target) => Compact(folder.File("source"), folder.File(target), new CompactionOptions(), Corpus);
        Assert.Contains("embeddings.token_type_embeddings.weight", Assert.Throws<CheckpointException>(() => CompactTo("new")).Message, StringComparison.Ordinal);
        Assert.Contains("not an empty folder", Assert.Throws<CheckpointException>(() => CompactTo("source")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Real_model_stays_total_and_below_its_limit()
    {
        using var folder = new TemporaryFolder();
        var source = TestPaths.RequireShared("models", "all-MiniLM-L6-v2");
        var report = Compact(source, folder.File("compact"), new CompactionOptions(VocabularyLimit: 4000), ["the quick brown fox", "a bank account was opened"]);
        Assert.InRange(report.Bytes, 10_000_000, 16_000_000);
        using var compact = Checkpoint.Open(folder.File("compact"));
        var (before, after) = (WordPieceTokenizer.Load(source), WordPieceTokenizer.Load(compact.Location));
        Assert.Contains("Apache License", File.ReadAllText(Path.Combine(folder.File("compact"), "NOTICE")), StringComparison.Ordinal);
        // Every whole piece of the source, and random joins of them, must still be spelled.
        var random = new Random(20261);
        var pieces = before.Vocabulary.Pieces.Select(piece => piece.StartsWith("##", StringComparison.Ordinal) ? piece[2..] : piece).ToList();
        for (var i = 0; i < 20_000; i++)
        {
            var word = pieces[random.Next(pieces.Count)] + pieces[random.Next(pieces.Count)];
            Assert.Equal(before.Encode(word, 300).Contains(before.Vocabulary.UnknownId), after.Encode(word, 300).Contains(after.Vocabulary.UnknownId));
        }
    }

    private static CompactionReport Compact(string source, string target, CompactionOptions options, IEnumerable<string> corpus) =>
        ModelCompactor.Compact(source, target, options, corpus, progress: null, TestContext.Current.CancellationToken);

    private static IEnumerable<string> AllPieces() => Enumerable.Range('a', 26).Select(first => string.Join(' ', Enumerable.Range('a', 26).Select(second => $"{(char)first}{(char)second}")));

    /// <summary>A golden model, which comes without a tokenizer, with 120 pieces: letters in both forms and common pairs.</summary>
    private static string GoldenSource(TemporaryFolder folder, string name)
    {
        var golden = TestPaths.RequireGolden("arch", name, "model");
        var target = folder.File("source");
        Directory.CreateDirectory(target);
        foreach (var file in new[] { "config.json", "model.safetensors" })
            File.WriteAllBytes(Path.Combine(target, file), File.ReadAllBytes(Path.Combine(golden, file)));
        var letters = Enumerable.Range('a', 26).Select(letter => (char)letter).ToList();
        List<string> pieces = [.. WordPieceVocabulary.SpecialTokens, "[unused0]", .. letters.Select(letter => $"{letter}"), .. letters.Select(letter => $"##{letter}"), "ab", "er"];
        pieces.AddRange(letters.SelectMany(first => letters.Select(second => $"{first}{second}")).Where(pair => !pieces.Contains(pair)).Take(120 - pieces.Count));
        File.WriteAllText(Path.Combine(target, "vocab.txt"), string.Concat(pieces.Select(piece => piece + "\n")));
        return target;
    }

    private static void AssertClose(Checkpoint before, Checkpoint after, string name)
    {
        var (expected, actual) = (before.ReadFloat32(name), after.ReadFloat32(name));
        var columns = after.Shape(name)[^1];
        if (after.StoredType(name) != TensorType.I8)
            Assert.Equal(expected, actual);
        else
            for (var row = 0; row < actual.Length / columns; row++)
                AssertRowsClose(expected.AsSpan(row * columns, columns), actual.AsSpan(row * columns, columns), name);
    }

    private static void AssertRowsClose(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, string name)
    {
        var max = 0f;
        foreach (var value in expected)
            max = Math.Max(max, Math.Abs(value));
        var half = max / 127 / 2 * 1.0001f;
        for (var i = 0; i < expected.Length; i++)
            Assert.True(Math.Abs(expected[i] - actual[i]) <= half, $"{name}: {expected[i]} became {actual[i]}, more than {half} away");
    }
}
