using FwdLLM.Cli.Running;
using Spectre.Console;

namespace FwdLLM.Cli.Views;

/// <summary>The table at the end of a run.</summary>
internal static class SummaryView
{
    public static Table Render(RunSummary summary)
    {
        var table = new Table().Border(TableBorder.Rounded).Title(Markup.Escape($"{summary.Job}: {summary.Algorithm}, {summary.Adapter}, {summary.Estimator}"));
        table.AddColumn(new TableColumn("result").NoWrap());
        table.AddColumn("value");
        void Row(string name, string value) => table.AddRow(new Text(name), new Text(value));
        var metric = Quantity.Name(summary.Metric);
        Row($"{metric}, head only", Quantity.Percent(summary.AccuracyHeadOnly));
        Row(metric, Quantity.Percent(summary.Accuracy));
        Row("gain", Quantity.Points(summary.AccuracyHeadOnly, summary.Accuracy));
        foreach (var (name, value) in summary.Metrics.Where(entry => entry.Key != summary.Metric).OrderBy(entry => entry.Key, StringComparer.Ordinal))
            Row(Quantity.Name(name), Quantity.Number(value));
        Row("loss", $"{Quantity.Number(summary.LossHeadOnly)} → {Quantity.Number(summary.Loss)}");
        Row("forward passes", Quantity.Count(summary.ForwardPasses));
        Row("rounds", Quantity.Count(summary.Rounds));
        Row("probes", Quantity.Count(summary.Probes));
        Row("devices", Quantity.Count(summary.Devices));
        if (summary.ExactDevices > 0)
            Row("with exact gradients", Quantity.Count(summary.ExactDevices));
        Row("up per device", Quantity.Bytes(summary.BytesUpPerDevice));
        Row("down per device", Quantity.Bytes(summary.BytesDownPerDevice));
        Row("up per probe", Quantity.Bytes(summary.BytesUpPerProbe));
        Row("peak memory", Quantity.Bytes(summary.PeakRssBytes));
        Row("time", Quantity.Duration(TimeSpan.FromSeconds(Math.Max(0, summary.Seconds))));
        if (summary.SkippedRows > 0)
            Row("rows left out", Quantity.Count(summary.SkippedRows));
        Row("adapter SHA-256", summary.AdapterSha256);
        Row("output", summary.Output);
        return table;
    }
}
