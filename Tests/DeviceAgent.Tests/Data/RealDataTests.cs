using FwdLLM.DeviceAgent.Data;
using FwdLLM.Tests;

namespace FwdLLM.DeviceAgent.Tests.Data;

public sealed class RealDataTests
{
    [Theory]
    [InlineData("sst2", 6908, 1821, 2)]
    [InlineData("ag_news", 18196, 7600, 4)]
    [InlineData("yelp_polarity", 6414, 2282, 2)]
    [InlineData("banking77", 9941, 3080, 77)]
    public void Real_set_reads_fully(string set, int trainRows, int testRows, int labels)
    {
        var train = DataReader.Read(TestPaths.RequireShared("data", set, "train.jsonl.gz"), new());
        var test = DataReader.Read(TestPaths.RequireShared("data", set, "test.jsonl.gz"), new());
        Assert.Equal((trainRows, testRows), (train.Rows.Count, test.Rows.Count));
        var index = LabelIndex.FromTrain(train);
        Assert.Equal(labels, index.Labels.Count);
        Assert.Equal(Enumerable.Range(0, labels), index.Encode(test).Distinct().Order());
    }
}
