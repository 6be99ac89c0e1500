namespace FwdLLM.Tests.Dataset;

public sealed class NearDuplicatesTests
{
    [Theory]
    [InlineData("Wake me at seven", "wake me, at SEVEN!")]
    [InlineData("put bread and milk on the list", "Put milk and bread on the list")]
    [InlineData("remind me about the dentist tomorrow", "remind me about the dentists tomorrow")]
    [InlineData("ok", "OK.")]
    public void Find_reports_a_rewrite_of_the_same_sentence(string candidate, string reference) =>
        Assert.Single(Compare(candidate, reference));

    [Theory]
    [InlineData("Wake me at seven", "Wake the baby monitor before we leave at seven")]
    [InlineData("put milk on the list", "the list of people who drink milk is put together")]
    [InlineData("louder, now", "quieter, now")]
    [InlineData("Is it cold outside?", "It's cold in this room")]
    public void Find_passes_sentences_that_only_share_words(string candidate, string reference) =>
        Assert.Empty(Compare(candidate, reference));

    [Fact]
    public void Find_does_not_compare_an_utterance_with_itself()
    {
        NearDuplicates.Surface[] one = [NearDuplicates.Of("lights off")];
        Assert.Empty(NearDuplicates.Find(one, one, NearDuplicates.TrainingThreshold, NearDuplicates.TrainingThreshold));
    }

    [Fact]
    public void Jaccard_is_the_share_of_common_elements()
    {
        Assert.Equal(0.5, NearDuplicates.Jaccard(new HashSet<string> { "a", "b", "c" }, new HashSet<string> { "b", "c", "d" }), 12);
        Assert.Equal(0, NearDuplicates.Jaccard(new HashSet<string> { "a" }, new HashSet<string>()), 12);
        Assert.Equal(1, NearDuplicates.Jaccard(new HashSet<string>(), new HashSet<string>()), 12);
    }

    [Theory]
    [InlineData("Don't call at 7:30!", "dontcallat730")]
    [InlineData("ÜBER-Café, 2", "übercafé2")]
    [InlineData("?! –", "")]
    public void Key_keeps_lower_case_letters_and_digits_only(string text, string key) =>
        Assert.Equal(key, NearDuplicates.Key(text));

    private static IReadOnlyList<string> Compare(string candidate, string reference) =>
        NearDuplicates.Find(
            [NearDuplicates.Of(candidate)], [NearDuplicates.Of(reference)], NearDuplicates.WordThreshold, NearDuplicates.GramThreshold);
}
