using FwdLLM.Inference;

namespace FwdLLM.Tests.Inference;

public sealed class MicroBatchTests
{
    [Theory]
    [InlineData(0, 600)]
    [InlineData(4, 600)]
    [InlineData(8, 100)]
    [InlineData(8, 1)]
    public void Plan_covers_the_batch_once_within_the_budget(int directions, int maxRows)
    {
        var lengths = Enumerable.Range(0, 40).Select(index => index * 37 % 30 + 1).ToArray();
        var plan = MicroBatch.Plan(TinyBert.Batch(lengths), directions, maxRows);
        Assert.Equal(Enumerable.Range(0, 40), plan.SelectMany(micro => micro.Members).Order());
        Assert.All(plan, micro =>
        {
            Assert.Equal(micro.Members.Max(index => lengths[index]), micro.Length);
            Assert.InRange(micro.Directions, Math.Min(1, directions), directions);
            var rows = (micro.Directions + 1) * micro.Members.Count * micro.Length;
            Assert.True(rows <= maxRows || (micro.Members.Count == 1 && micro.Directions <= 1), $"{rows} rows");
        });
    }

    [Fact]
    public void Texts_of_equal_length_fill_a_run()
    {
        var plan = MicroBatch.Plan(TinyBert.Batch(16, 16, 16, 16, 16, 16, 16, 16), directions: 8, maxRows: 600);
        Assert.Equal([4, 4], plan.Select(micro => micro.Members.Count));
    }

    [Fact]
    public void Long_text_runs_alone_with_fewer_directions()
    {
        var micro = Assert.Single(MicroBatch.Plan(TinyBert.Batch(30), directions: 8, maxRows: 100));
        Assert.Equal(2, micro.Directions);
    }
}
