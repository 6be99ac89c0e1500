using FwdLLM.Cli.Profiling;
using Spectre.Console;

namespace FwdLLM.Cli.Views;

/// <summary>The table at the end of a profile, best first.</summary>
internal static class ProfileView
{
    public static Table Render(ProfileReport report)
    {
        var table = new Table().Border(TableBorder.Markdown);
        foreach (var name in new[] { "adapter", "d", "|g|²", "E|g_b|²", "tr H", "η", "cosine", "s" })
            table.AddColumn(new TableColumn(name).RightAligned().NoWrap());
        table.Columns[0].LeftAligned();
        foreach (var candidate in report.Candidates)
            table.AddRow(
            [
                .. new[]
                {
                    candidate.Adapter, Quantity.Count(candidate.Dimension), Quantity.Estimate(candidate.SquaredGradient), Quantity.Estimate(candidate.SquaredBatchGradient),
                    Quantity.Estimate(candidate.Trace), Quantity.Estimate(candidate.Rate), Quantity.Estimate(candidate.Cosine), Quantity.Number(candidate.Seconds, "0.0"),
                }.Select(cell => new Text(cell)),
            ]);
        return table;
    }
}
