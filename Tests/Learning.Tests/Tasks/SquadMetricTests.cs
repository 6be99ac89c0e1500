using FwdLLM.Learning.Tasks;

namespace FwdLLM.Learning.Tests.Tasks;

/// <summary>Expected values follow from evaluate-v1.1.py by hand.</summary>
public sealed class SquadMetricTests
{
    [Theory]
    [InlineData("The  Cat, an animal!", "cat animal")]
    [InlineData("a.b", "ab")]
    [InlineData("theory of an anagram", "theory of anagram")]
    [InlineData("“The” end", "“ ” end")]
    [InlineData("U.S.'s", "uss")]
    [InlineData("a\tTHE\nA", "")]
    [InlineData("the_thing a-b", "thething ab")]
    [InlineData("Ärger über a Straße", "ärger über straße")]
    public void Normalised_is_lower_case_without_punctuation_articles_and_wide_spaces(string text, string expected) => Assert.Equal(expected, SquadMetric.Normalise(text));

    [Theory]
    [InlineData("the Eiffel tower!", "Eiffel Tower", 1, 1)]
    [InlineData("Eiffel", "Eiffel Tower", 0, 2.0 / 3)]
    [InlineData("new new york", "new york city", 0, 2.0 / 3)]
    [InlineData("cat", "dog", 0, 0)]
    [InlineData("", "dog", 0, 0)]
    [InlineData("the", "a", 1, 0)]
    public void Answers_are_compared_as_the_official_script_does(string answer, string gold, double exact, double f1)
    {
        Assert.Equal(exact, SquadMetric.ExactMatch(answer, [gold]));
        Assert.Equal(f1, SquadMetric.F1(answer, [gold]), 1e-15);
    }

    [Fact]
    public void The_best_of_several_right_answers_counts()
    {
        Assert.Equal(1, SquadMetric.ExactMatch("1973", ["October 1973", "1973", "October"]));
        Assert.Equal(1, SquadMetric.F1("1973", ["October 1973", "1973", "October"]));
        Assert.Equal(2.0 / 3, SquadMetric.F1("in 1973", ["October", "1973"]), 1e-15);
        Assert.Throws<ArgumentException>(() => SquadMetric.F1("x", []));
    }
}
