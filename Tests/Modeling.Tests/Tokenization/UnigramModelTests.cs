using CsCheck;
using FwdLLM.Modeling.Tokenization;

namespace FwdLLM.Tests.Modeling.Tokenization;

/// <summary>Segmentation against all segmentations there are.</summary>
public sealed class UnigramModelTests
{
    // Whole numbers add up exactly in any order, so ties are ties.
    private static readonly Gen<(UnigramPiece[] Pieces, string Text)> Cases = Gen.Select(
        Gen.Select(Gen.Char["abc"].Array[1, 4], Gen.Int[-12, 0]).Array[1, 12],
        Gen.Char["abcd"].Array[0, 10],
        (pieces, text) => (
            pieces.Select(piece => new UnigramPiece(new string(piece.Item1), piece.Item2)).DistinctBy(piece => piece.Text).Prepend(new UnigramPiece("<unk>", 0)).ToArray(),
            new string(text)));

    [Fact]
    public void Segmentation_has_the_highest_score_of_all() => Cases.Sample(sample =>
    {
        var segments = new UnigramModel("test", sample.Pieces, 0).Segment(sample.Text);
        var unknown = sample.Pieces.Min(piece => piece.Score) - 10;
        var (score, start) = (0.0, 0);
        foreach (var (id, end) in segments)
        {
            if (id != 0)
                Assert.Equal(sample.Pieces[id].Text, sample.Text[start..end]);
            score += id == 0 ? unknown * (end - start) : sample.Pieces[id].Score;
            start = end;
        }

        Assert.Equal(sample.Text.Length, start);
        Assert.Equal(Best(sample.Text, sample.Pieces, unknown), score);
        Assert.DoesNotContain(segments.Zip(segments.Skip(1)), pair => pair.First.Id == 0 && pair.Second.Id == 0);
    });

    [Fact]
    public void First_way_found_wins_among_equals()
    {
        // "ab" = a + b = -2: the whole piece is reached from place 0, before b is tried at place 1.
        var model = new UnigramModel("test", [new("<unk>", 0), new("a", -1), new("b", -1), new("ab", -2)], 0);
        Assert.Equal([(3, 2)], model.Segment("ab"));
    }

    [Fact]
    public void Surrogate_pairs_are_one_unknown_character()
    {
        var model = new UnigramModel("test", [new("<unk>", 0), new("a", -1), new("🚀", -1)], 0);
        Assert.Equal([(1, 1), (0, 3), (2, 5)], model.Segment("a😀🚀"));
    }

    private static double Best(string text, UnigramPiece[] pieces, double unknown)
    {
        if (text.Length == 0)
            return 0;
        var known = pieces.Where(piece => text.StartsWith(piece.Text, StringComparison.Ordinal)).Select(piece => piece.Score + Best(text[piece.Text.Length..], pieces, unknown));
        var single = pieces.Any(piece => piece.Text == text[..1]) ? double.NegativeInfinity : unknown + Best(text[1..], pieces, unknown);
        return known.Append(single).Max();
    }
}
