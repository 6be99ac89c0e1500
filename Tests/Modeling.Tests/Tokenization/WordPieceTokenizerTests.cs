using System.Text;
using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Tokenization;

namespace FwdLLM.Tests.Modeling.Tokenization;

public sealed class WordPieceTokenizerTests
{
    // Ids in order: 0 [PAD] .. 4 [MASK], 5 a, 6 b, 7 ##a, 8 ##b, 9 ab, 10 !
    private static readonly string[] Pieces = [.. WordPieceVocabulary.SpecialTokens, "a", "b", "##a", "##b", "ab", "!"];

    private static readonly WordPieceTokenizer Tokenizer = new(new WordPieceVocabulary(Pieces, "test"), new WordPieceSettings());

    [Fact]
    public void Tests_run_with_the_globalisation_setting_of_the_programs()
    {
        Assert.True(AppContext.TryGetSwitch("System.Globalization.Invariant", out var invariant) && invariant);
        // The reason for the table of decompositions: here the base library leaves text as it is.
        Assert.Equal("é", "é".Normalize(NormalizationForm.FormD));
    }

    [Theory]
    [InlineData("", new int[0])]
    [InlineData("ab ba!", new[] { 9, 6, 7, 10 })]
    [InlineData("ÀB\u0301", new[] { 9 })]
    [InlineData("abc", new[] { 1 })]
    [InlineData("a[MASK]b", new[] { 5, 4, 6 })]
    [InlineData("[mask]", new[] { 1, 1, 1 })]
    [InlineData("a\u200bb\0", new[] { 9 })]
    [InlineData("\ud800a", new[] { 5 })]
    public void Text_becomes_the_longest_pieces(string text, int[] expected) =>
        Assert.Equal([2, .. expected, 3], Tokenizer.Encode(text, 100));

    [Fact]
    public void Offsets_are_utf16_places_in_the_original_text()
    {
        const string text = "😀 ÀB";
        var encoded = Tokenizer.EncodeWithOffsets(text, 10);
        Assert.Equal([2, 1, 9, 3], encoded.Ids);
        Assert.Equal([(0, 0), (0, 2), (3, 5), (0, 0)], encoded.Offsets);
    }

    [Theory]
    [InlineData(100, 100)]
    [InlineData(101, -1)]
    public void Word_beyond_the_length_limit_is_unknown(int length, int tokens)
    {
        var ids = Tokenizer.Encode(new string('b', length), 1000);
        Assert.Equal(tokens < 0 ? 1 : tokens, ids.Length - 2);
        Assert.Equal(tokens < 0, ids[1] == 1);
    }

    [Theory]
    [InlineData(2, 3, 5, 2, 3)]
    [InlineData(2, 9, 6, 2, 4)]
    [InlineData(9, 2, 6, 4, 2)]
    [InlineData(9, 9, 7, 3, 4)]
    [InlineData(9, 8, 7, 4, 3)]
    [InlineData(9, 9, 0, 0, 0)]
    public void Pair_loses_from_its_longer_text(int first, int second, int room, int keptFirst, int keptSecond)
    {
        var (ids, types) = Tokenizer.EncodePair(new string('!', first), new string('!', second), room + 3);
        Assert.Equal(keptFirst + keptSecond + 3, ids.Length);
        Assert.Equal(keptFirst + 2, types.Count(type => type == 0));
        Assert.Equal([2], ids[..1]);
        Assert.Equal(3, ids[keptFirst + 1]);
        Assert.Equal(3, ids[^1]);
    }

    [Theory]
    [InlineData(true, "ab ba!")]
    [InlineData(false, "[CLS] ab ba! [SEP]")]
    public void Decoding_joins_pieces_and_closes_up_punctuation(bool skipSpecial, string expected) =>
        Assert.Equal(expected, Tokenizer.Decode(Tokenizer.Encode("ab BA !", 100), skipSpecial));

    [Fact]
    public void Windows_refuse_a_question_that_leaves_no_room() =>
        Assert.Throws<ArgumentException>(() => Tokenizer.EncodeWindows("!!!!", "!!!", maxTokens: 9, stride: 2));

    [Fact]
    public void Any_text_gives_ids_in_range_places_in_order_and_prefixes_when_cut()
    {
        var random = new Random(20261);
        for (var i = 0; i < 2_000; i++)
        {
            var text = RandomText(random);
            var whole = Tokenizer.EncodeWithOffsets(text, 10_000);
            Assert.All(whole.Ids, id => Assert.InRange(id, 0, Pieces.Length - 1));
            var last = 0;
            foreach (var (start, end) in whole.Offsets[1..^1])
            {
                Assert.InRange(start, last, text.Length - 1);
                Assert.InRange(end, start + 1, text.Length);
                last = start;
            }

            var cut = Tokenizer.Encode(text, 5);
            Assert.Equal([.. whole.Ids[..Math.Min(4, whole.Ids.Length - 1)], 3], cut);
        }
    }

    [Theory]
    [InlineData("[PAD]\n[UNK]\n[CLS]\na\n", "[SEP]")]
    [InlineData("[PAD]\n[UNK]\n[CLS]\n[SEP]\na\na\n", "'a'")]
    public void Vocabulary_that_is_not_one_of_bert_is_refused(string vocabulary, string reason)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("vocab.txt"), vocabulary);
        Assert.Contains(reason, Assert.Throws<CheckpointException>(() => WordPieceTokenizer.Load(folder.Path)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"type\": \"BPE\"", "'BPE'")]
    [InlineData("\"type\": \"WordPiece\", \"vocab\": {\"[UNK]\": 1}", "id 1")]
    [InlineData("\"type\": \"WordPiece\", \"vocab\": {\"[UNK]\": 0, \"x\": 0}", "id 0")]
    [InlineData("\"type\": \"WordPiece\", \"continuing_subword_prefix\": \"@@\"", "'@@'")]
    public void Tokenizer_json_of_another_kind_is_refused(string model, string reason)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("tokenizer.json"), $$"""{"normalizer": {"type": "BertNormalizer"}, "pre_tokenizer": {"type": "BertPreTokenizer"}, "model": { {{model}} } }""");
        Assert.Contains(reason, Assert.Throws<CheckpointException>(() => WordPieceTokenizer.Load(folder.Path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Folder_without_tokenizer_files_is_refused_by_name()
    {
        using var folder = new TemporaryFolder();
        Assert.Contains(folder.Path, Assert.Throws<CheckpointException>(() => WordPieceTokenizer.Load(folder.Path)).Message, StringComparison.Ordinal);
    }

    // Letters of the vocabulary, spaces, marks, ideographs, brackets of special tokens, and any code unit at all.
    private static string RandomText(Random random)
    {
        const string common = "abAB !\u0301\u4e2d\uac01[]MASK\t";
        return string.Concat(Enumerable.Range(0, random.Next(30)).Select(_ => random.Next(4) == 0 ? (char)random.Next(0x10000) : common[random.Next(common.Length)]));
    }
}
