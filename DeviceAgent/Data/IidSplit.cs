namespace FwdLLM.DeviceAgent.Data;

/// <summary>Every device gets an even share of the shuffled rows.</summary>
internal sealed record IidSplit : DataSplit
{
    public override string ToString() => "iid";

    private protected override int[][] Deal(IDataSet data, int devices, SeededRandom random)
    {
        var rows = Enumerable.Range(0, data.Rows.Count).ToArray();
        random.Shuffle(rows);
        return [.. Cut(rows, devices)];
    }
}
