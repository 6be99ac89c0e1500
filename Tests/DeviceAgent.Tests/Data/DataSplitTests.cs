using FwdLLM.DeviceAgent.Data;

namespace FwdLLM.DeviceAgent.Tests.Data;

public sealed class DataSplitTests
{
    [Theory]
    [InlineData("iid", null)]
    [InlineData("dirichlet:0.5", null)]
    [InlineData("by:user", "user")]
    public void Split_is_read_and_written_back(string text, string? column)
    {
        var split = DataSplit.Parse(text);
        Assert.Equal((text, column), (split.ToString(), split.GroupColumn));
    }

    [Theory]
    [InlineData("idd", "iid, dirichlet:ALPHA")]
    [InlineData("iid:3", "iid, dirichlet:ALPHA")]
    [InlineData("dirichlet", "number from 0.001")]
    [InlineData("dirichlet:0", "number from 0.001")]
    [InlineData("dirichlet:-1", "number from 0.001")]
    [InlineData("dirichlet:NaN", "number from 0.001")]
    [InlineData("dirichlet:0,5", "number from 0.001")]
    [InlineData("by:", "names no column")]
    public void Unknown_split_is_refused_with_what_to_write(string text, string remedy)
    {
        var message = Assert.Throws<DataException>(() => DataSplit.Parse(text)).Message;
        Assert.Contains($"\"{text}\"", message, StringComparison.Ordinal);
        Assert.Contains(remedy, message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("iid", 1000, 50)]
    [InlineData("iid", 7, 7)]
    [InlineData("dirichlet:0.001", 1000, 50)]
    [InlineData("dirichlet:0.1", 53, 50)]
    [InlineData("dirichlet:1000000", 1000, 1)]
    [InlineData("by:group", 1000, 3)]
    [InlineData("by:group", 1000, 13)]
    [InlineData("by:group", 1000, 50)]
    [InlineData("by:group", 20, 20)]
    public void Every_row_goes_to_exactly_one_device_and_no_device_is_empty(string split, int rows, int devices)
    {
        var shards = DataSplit.Parse(split).Assign(Rows(rows), devices, seed: 5);
        Assert.Equal(devices, shards.Length);
        Assert.All(shards, Assert.NotEmpty);
        Assert.All(shards, shard => Assert.Equal(shard.Order(), shard));
        Assert.Equal(Enumerable.Range(0, rows), shards.SelectMany(s => s).Order());
    }

    [Theory]
    [InlineData("iid")]
    [InlineData("dirichlet:0.3")]
    [InlineData("by:group")]
    public void Same_seed_deals_the_same_and_another_seed_differently(string split)
    {
        var data = Rows(500);
        int[][] Deal(ulong seed) => DataSplit.Parse(split).Assign(data, 30, seed);
        Assert.Equal(Deal(1), Deal(1));
        Assert.NotEqual(Deal(1), Deal(2));
    }

    [Fact]
    public void Iid_deal_never_changes_for_a_seed()
    {
        // Shards are part of what makes a run repeatable: a change here changes every recorded result.
        Assert.Equal([[0, 3, 7], [1, 2, 6], [4, 5]], DataSplit.Iid.Assign(Rows(8), 3, seed: 1));
    }

    [Theory]
    [InlineData("iid")]
    [InlineData("dirichlet:0.1")]
    public void Shares_differ_by_at_most_one_row(string split)
    {
        var sizes = DataSplit.Parse(split).Assign(Rows(1003), 50, seed: 3).Select(s => s.Length).ToArray();
        Assert.Equal((20, 21), (sizes.Min(), sizes.Max()));
    }

    [Fact]
    public void Dirichlet_skews_labels_the_more_the_smaller_alpha()
    {
        var data = Rows(4000);
        double Skew(string split) => DataSplit.Parse(split).Assign(data, 40, seed: 11).Average(shard => LargestLabelShare(data, shard));
        var (even, wide, mild, strong) = (Skew("iid"), Skew("dirichlet:1000"), Skew("dirichlet:1"), Skew("dirichlet:0.1"));
        Assert.InRange(even, 0.25, 0.36); // 4 labels, 100 rows: 0.25 and sampling noise
        Assert.InRange(wide, 0.25, 0.37);
        Assert.InRange(mild, 0.45, 0.70); // E max of Dir(1,1,1,1) = 25/48
        Assert.InRange(strong, 0.78, 0.97);
    }

    [Fact]
    public void More_devices_than_rows_are_refused()
    {
        var message = Assert.Throws<DataException>(() => DataSplit.Iid.Assign(Rows(3), 4, seed: 1)).Message;
        Assert.Equal("rows has 3 rows for 4 devices; every device needs at least one: use fewer with --devices.", message);
    }

    private static double LargestLabelShare(DataSet<LabelledText> data, int[] shard) =>
        shard.GroupBy(row => data.Rows[row].Label).Max(g => g.Count()) / (double)shard.Length;

    private static DataSet<LabelledText> Rows(int count) => new()
    {
        Source = "rows",
        Rows = [.. Enumerable.Range(0, count).Select(i => new LabelledText($"text {i}", $"label {i % 4}", $"group {i % 20}"))],
    };
}
