using FwdLLM.DeviceAgent.Data;

namespace FwdLLM.DeviceAgent.Tests.Data;

public sealed class ColumnSplitTests
{
    [Fact]
    public void As_many_groups_as_devices_are_one_each_however_unequal()
    {
        Assert.Equal(["a:100", "b:1", "c:1"], Deal(3, ("a", 100), ("b", 1), ("c", 1)));
    }

    [Fact]
    public void Few_groups_get_runs_of_devices_in_proportion()
    {
        Assert.Equal(["a:10", "a:10", "a:10", "b:10"], Deal(4, ("b", 10), ("a", 30)));
    }

    [Fact]
    public void One_large_group_gets_devices_and_small_ones_share_the_rest_whole()
    {
        Assert.Equal(["a:20", "a:20", "b:9 d:9", "c:9 e:8"], Deal(4, ("a", 40), ("b", 9), ("c", 9), ("d", 9), ("e", 8)));
    }

    [Fact]
    public void Many_groups_are_packed_whole_and_evenly()
    {
        var groups = Enumerable.Range(0, 100).Select(i => ($"g{i:00}", 5 + (i % 7))).ToArray();
        var shards = Deal(10, groups);
        Assert.Equal(100, shards.Sum(s => s.Split(' ').Length));
        var sizes = shards.Select(s => s.Split(' ').Sum(part => int.Parse(part.Split(':')[1], System.Globalization.CultureInfo.InvariantCulture))).ToArray();
        Assert.InRange(sizes.Max() - sizes.Min(), 0, 5);
    }

    [Fact]
    public void Even_group_sizes_never_leave_a_device_empty()
    {
        for (var devices = 1; devices <= 30; devices++)
            for (var groups = 1; groups <= 8; groups++)
            {
                var named = Enumerable.Range(0, groups).Select(g => ($"g{g}", 1 + (g * g * 13 % 17))).ToArray();
                if (named.Sum(n => n.Item2) >= devices)
                    Assert.DoesNotContain("", Deal(devices, named));
            }
    }

    [Fact]
    public void Rows_read_without_the_column_are_refused()
    {
        var data = new DataSet<LabelledText> { Source = "rows", Rows = [new("a", "x"), new("b", "y")] };
        Assert.Contains("without the column \"user\"", Assert.Throws<DataException>(() => DataSplit.Parse("by:user").Assign(data, 2, 1)).Message, StringComparison.Ordinal);
    }

    /// <summary>Deals rows of the named groups and describes every shard as "group:rows …", checking that groups stand on neighbouring devices.</summary>
    private static string[] Deal(int devices, params (string Name, int Rows)[] groups)
    {
        var rows = groups.SelectMany(g => Enumerable.Range(0, g.Rows).Select(i => new LabelledText("t", "l", g.Name))).ToArray();
        var shards = DataSplit.Parse("by:user").Assign(new DataSet<LabelledText> { Source = "rows", Rows = rows }, devices, seed: 9);
        foreach (var (name, _) in groups)
        {
            var holders = Enumerable.Range(0, devices).Where(d => shards[d].Any(r => rows[r].Group == name)).ToArray();
            Assert.Equal(holders.Length - 1, holders[^1] - holders[0]);
        }

        return [.. shards.Select(shard => string.Join(' ', shard.GroupBy(r => rows[r].Group).OrderBy(g => g.Key, StringComparer.Ordinal).Select(g => $"{g.Key}:{g.Count()}")))];
    }
}
