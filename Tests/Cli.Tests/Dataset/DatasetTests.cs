namespace FwdLLM.Tests.Dataset;

/// <summary>What docs/dataset.md promises about assets/data.</summary>
public sealed class DatasetTests
{
    private static readonly IReadOnlyList<Utterance> Train = Utterance.Read("train");
    private static readonly IReadOnlyList<Utterance> Test = Utterance.Read("test");
    private static readonly IReadOnlyList<Utterance> All = [.. Train, .. Test];

    [Theory]
    [InlineData("train")]
    [InlineData("test")]
    public void Files_are_utf8_with_line_feeds_and_no_byte_order_mark(string split)
    {
        var bytes = File.ReadAllBytes(Utterance.PathOf(split));
        Assert.DoesNotContain((byte)'\r', bytes);
        Assert.Equal((byte)'{', bytes[0]);
        Assert.Equal((byte)'\n', bytes[^1]);
        // Throws on the first byte sequence that is not UTF-8.
        new System.Text.UTF8Encoding(false, throwOnInvalidBytes: true).GetCharCount(bytes);
    }

    [Fact]
    public void Rows_are_many_and_none_is_a_duplicate()
    {
        var duplicates = All.GroupBy(row => NearDuplicates.Key(row.Text)).Where(group => group.Count() > 1).Select(group => group.First().Text);
        Assert.Empty(duplicates);
        Assert.True(All.Count >= 1_500, $"{All.Count} rows");
        Assert.True(Test.Count >= 300, $"{Test.Count} test rows");
        Assert.InRange((double)Test.Count / All.Count, 0.2, 0.25);
    }

    [Fact]
    public void Labels_are_the_fourteen_intents_in_both_splits()
    {
        string[] intents =
        [
            "alarm_set", "calendar_create", "calendar_query", "call_start", "lights_control", "message_send", "music_play",
            "note_take", "reminder_add", "shopping_list_add", "thermostat_set", "timer_set", "volume_change", "weather_query",
        ];
        Assert.Equal(intents, Train.Select(row => row.Label).Distinct().Order(StringComparer.Ordinal));
        Assert.Equal(intents, Test.Select(row => row.Label).Distinct().Order(StringComparer.Ordinal));
        Assert.All(Train.CountBy(row => row.Label), count => Assert.True(count.Value >= 50, $"{count.Key}: {count.Value} training rows"));
        Assert.All(Test.CountBy(row => row.Label), count => Assert.True(count.Value >= 15, $"{count.Key}: {count.Value} test rows"));
    }

    [Fact]
    public void Styles_of_the_test_split_are_unseen_in_training()
    {
        var train = Train.Select(row => row.Style).ToHashSet();
        var test = Test.Select(row => row.Style).ToHashSet();
        Assert.Empty(train.Intersect(test));
        Assert.True(train.Count + test.Count >= 24, $"{train.Count + test.Count} styles");
        Assert.True(test.Count >= 5, $"{test.Count} test styles");
    }

    [Fact]
    public void Training_styles_differ_in_their_mix_of_intents()
    {
        var mixes = Train.GroupBy(row => row.Style).ToDictionary(style => style.Key, Mix);
        Assert.All(mixes, mix => Assert.True(mix.Value.Count >= 10, $"{mix.Key} covers {mix.Value.Count} intents"));
        foreach (var (left, leftMix) in mixes)
            foreach (var (right, rightMix) in mixes)
                if (string.CompareOrdinal(left, right) < 0)
                    Assert.True(TotalVariation(leftMix, rightMix) >= 0.05, $"{left} and {right} have nearly the same mix of intents");
    }

    [Fact]
    public void Utterances_are_two_to_thirty_words()
    {
        Assert.All(All, row => Assert.InRange(row.Text.Split(' ').Length, 2, 30));
        Assert.All(All, row => Assert.Equal(row.Text.Trim(), row.Text));
        Assert.DoesNotContain(All, row => row.Text.Contains("  ", StringComparison.Ordinal));
    }

    [Fact]
    public void Texts_hold_only_characters_that_compatibility_normalisation_leaves_alone() =>
        Assert.All(All, row => Assert.DoesNotContain(
            row.Text, character => character is < ' ' or > '~' && !Utterance.ExtraCharacters.Contains(character, StringComparison.Ordinal)));

    [Fact]
    public void Test_utterances_are_no_near_duplicates_of_training_ones() =>
        Assert.Empty(NearDuplicates.Find(Surfaces(Test), Surfaces(Train), NearDuplicates.WordThreshold, NearDuplicates.GramThreshold));

    [Fact]
    public void Training_utterances_are_no_near_duplicates_of_each_other()
    {
        var train = Surfaces(Train);
        Assert.Empty(NearDuplicates.Find(train, train, NearDuplicates.TrainingThreshold, NearDuplicates.TrainingThreshold));
    }

    [Fact]
    public void Training_rows_are_shuffled()
    {
        // In a shuffled file neighbours rarely share a style (about 1 in 22); sorted by style, nearly all would.
        var sameStyle = Train.Zip(Train.Skip(1)).Count(pair => pair.First.Style == pair.Second.Style);
        Assert.True(sameStyle < Train.Count / 10, $"{sameStyle} of {Train.Count} rows follow one of their own style");
    }

    private static NearDuplicates.Surface[] Surfaces(IEnumerable<Utterance> rows) => [.. rows.Select(row => NearDuplicates.Of(row.Text))];

    private static Dictionary<string, double> Mix(IEnumerable<Utterance> rows)
    {
        var counts = rows.CountBy(row => row.Label).ToDictionary();
        var total = (double)counts.Values.Sum();
        return counts.ToDictionary(count => count.Key, count => count.Value / total);
    }

    private static double TotalVariation(Dictionary<string, double> left, Dictionary<string, double> right) =>
        0.5 * left.Keys.Union(right.Keys).Sum(label => Math.Abs(left.GetValueOrDefault(label) - right.GetValueOrDefault(label)));
}
