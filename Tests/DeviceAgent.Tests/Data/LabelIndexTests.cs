using FwdLLM.DeviceAgent.Data;

namespace FwdLLM.DeviceAgent.Tests.Data;

public sealed class LabelIndexTests
{
    [Fact]
    public void Labels_are_sorted_by_code_unit_and_encode_to_their_place()
    {
        var train = Rows("b", "a", "Z", "é", "a");
        var index = LabelIndex.FromTrain(train);
        Assert.Equal(["Z", "a", "b", "é"], index.Labels);
        Assert.Equal([2, 1, 0, 3, 1], index.Encode(train));
    }

    [Fact]
    public void One_label_is_refused_by_name()
    {
        var message = Assert.Throws<DataException>(() => LabelIndex.FromTrain(Rows("same", "same"))).Message;
        Assert.Equal("rows: Every row has the label \"same\"; a classifier needs at least 2 labels.", message);
    }

    [Fact]
    public void Unknown_labels_are_named_and_counted()
    {
        var message = Assert.Throws<DataException>(() => LabelIndex.FromTrain(Rows("a", "b")).Encode(Rows("c", "a", "c", "B"))).Message;
        Assert.Contains("\"B\" (1 row), \"c\" (2 rows)", message, StringComparison.Ordinal);
        Assert.Contains("The training labels are \"a\", \"b\"", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Text_in_the_label_column_is_suspected_when_labels_are_too_many()
    {
        var train = Rows([.. Enumerable.Range(0, LabelIndex.MaxLabels + 1).Select(i => $"label {i}")]);
        Assert.Contains("--label-column", Assert.Throws<DataException>(() => LabelIndex.FromTrain(train)).Message, StringComparison.Ordinal);
    }

    private static DataSet<LabelledText> Rows(params string[] labels) => new() { Source = "rows", Rows = [.. labels.Select(l => new LabelledText("text", l))] };
}
