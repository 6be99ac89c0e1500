using CsCheck;
using FwdLLM.Modeling.Tokenization;

namespace FwdLLM.Tests.Modeling.Tokenization;

/// <summary>Merging against the definition, done the slow way.</summary>
public sealed class BpeModelTests
{
    private static readonly Gen<(string[][] Merges, string Word)> Cases = Gen.Select(
        Gen.Select(Gen.Int[0, 30], Gen.Int[0, 30]).Array[0, 12],
        Gen.Char["abc"].Array[0, 14],
        (choices, word) => (MakeMerges(choices), new string(word)));

    [Fact]
    public void Merging_is_what_the_definition_says() => Cases.Sample(sample =>
    {
        var ids = sample.Merges.Select(merge => merge[0] + merge[1]).Prepend("c").Prepend("b").Prepend("a").Distinct()
            .Select((token, id) => (token, id)).ToDictionary(pair => pair.token, pair => pair.id);
        var model = new BpeModel("test", ids, [.. sample.Merges.Select(merge => (merge[0], merge[1]))]);
        var symbols = sample.Word.Select((unit, place) => new BpeModel.Symbol(ids[unit.ToString()], place, place + 1)).ToList();
        model.Merge(symbols);
        var expected = MergeSlowly(sample.Word, sample.Merges);
        var place = 0;
        Assert.Equal(expected.Select(token => (ids[token], place, place += token.Length)), symbols.Select(symbol => (symbol.Id, symbol.Start, symbol.End)));
    });

    /// <summary>Pairs of what is there already: single letters and results of merges before; no pair twice.</summary>
    private static string[][] MakeMerges((int Left, int Right)[] choices)
    {
        var tokens = new List<string> { "a", "b", "c" };
        var merges = new List<string[]>();
        foreach (var (left, right) in choices)
        {
            string[] merge = [tokens[left % tokens.Count], tokens[right % tokens.Count]];
            if (merges.Exists(known => known.SequenceEqual(merge)))
                continue;
            merges.Add(merge);
            tokens.Add(merge[0] + merge[1]);
        }

        return [.. merges];
    }

    private static List<string> MergeSlowly(string word, string[][] merges)
    {
        var tokens = word.Select(unit => unit.ToString()).ToList();
        while (true)
        {
            var best = Enumerable.Range(0, Math.Max(0, tokens.Count - 1))
                .Select(place => (Rank: Array.FindIndex(merges, merge => merge[0] == tokens[place] && merge[1] == tokens[place + 1]), Place: place))
                .Where(candidate => candidate.Rank >= 0).Order().Cast<(int Rank, int Place)?>().FirstOrDefault();
            if (best is not { Place: var at })
                return tokens;
            tokens[at] += tokens[at + 1];
            tokens.RemoveAt(at + 1);
        }
    }
}
