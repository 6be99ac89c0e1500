using FwdLLM.Learning.Random;

namespace FwdLLM.Learning.Tests.Random;

public sealed class CounterRandomTests
{
    private static CounterRandom Create(uint probe = 13) => new(StreamKey.FromSeed(1, "test vectors"), new DirectionAddress(7, 11, probe));

    [Fact]
    public void NextUInt64_equals_its_fixed_vector_and_the_words_of_the_stream()
    {
        var random = Create();
        Assert.Equal(0x5c324dd48bb5baceul, random.NextUInt64());
        Assert.Equal(0xf86cefa15736117cul, random.NextUInt64());
        var words = new uint[16 * 9];
        ChaCha8.Blocks(StreamKey.FromSeed(1, "test vectors"), new DirectionAddress(7, 11, 13), 0, words, 8, SimdLevel.Scalar);
        for (var i = 2; i < words.Length / 2; i++) Assert.Equal(words[2 * i] | (ulong)words[2 * i + 1] << 32, random.NextUInt64());
    }

    [Fact]
    public void Next_is_uniform()
    {
        const int Draws = 70_000;
        var random = Create();
        var counts = new int[7];
        for (var i = 0; i < Draws; i++) counts[random.Next(7)]++;
        var chiSquare = counts.Sum(c => (c - Draws / 7.0) * (c - Draws / 7.0) / (Draws / 7.0));
        Assert.True(chiSquare < 22.46, $"chi-square of 6 degrees is {chiSquare}; above 22.46 has probability 0.001"); // fixed seed
    }

    [Fact]
    public void NextUniform_stays_strictly_inside_and_covers_both_signs()
    {
        var random = Create();
        var draws = Enumerable.Range(0, 20_000).Select(_ => random.NextUniform(0.3f)).ToArray();
        Assert.All(draws, x => Assert.True(x is > -0.3f and < 0.3f and not 0));
        Assert.InRange(draws.Average(x => (double)x), -5 * 0.3 / Math.Sqrt(3 * 20_000), 5 * 0.3 / Math.Sqrt(3 * 20_000));
        Assert.True(draws.Max() > 0.299f && draws.Min() < -0.299f);
    }

    [Fact]
    public void NextDouble_lies_in_the_half_open_unit_interval()
    {
        var random = Create();
        for (var i = 0; i < 10_000; i++) Assert.InRange(random.NextDouble(), 0, 1 - Math.Pow(2, -53));
    }

    [Fact]
    public void Sample_of_everything_is_a_permutation_and_of_some_is_its_beginning()
    {
        var all = Create().Sample(1000, 1000);
        Assert.Equal(Enumerable.Range(0, 1000), all.Order());
        Assert.NotEqual(Enumerable.Range(0, 1000), all);
        Assert.Equal(all[..17], Create().Sample(1000, 17));
    }

    [Fact]
    public void Sample_takes_every_member_equally_often()
    {
        const int Draws = 4000;
        var counts = new int[10];
        for (uint probe = 0; probe < Draws; probe++)
            foreach (var i in Create(probe).Sample(10, 3))
                counts[i]++;

        // Binomial with p = 0.3: five standard deviations.
        var deviation = 5 * Math.Sqrt(Draws * 0.3 * 0.7);
        Assert.All(counts, c => Assert.InRange(c, Draws * 0.3 - deviation, Draws * 0.3 + deviation));
    }

    [Fact]
    public void Sample_of_more_than_there_are_is_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Create().Sample(3, 4));

    [Fact]
    public void Shuffle_keeps_the_items_and_is_repeatable()
    {
        var (first, second) = (Enumerable.Range(0, 100).ToArray(), Enumerable.Range(0, 100).ToArray());
        Create().Shuffle<int>(first);
        Create().Shuffle<int>(second);
        Assert.Equal(first, second);
        Assert.NotEqual(Enumerable.Range(0, 100), first);
        Assert.Equal(Enumerable.Range(0, 100), first.Order());
    }
}
