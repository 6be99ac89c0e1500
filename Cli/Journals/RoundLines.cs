namespace FwdLLM.Cli.Journals;

/// <summary>Progress through a journal as lines on standard error, at most one a second.</summary>
internal sealed class RoundLines(CliContext context, string what, long rounds)
{
    private static readonly TimeSpan Between = TimeSpan.FromSeconds(1);

    private long _written = context.Time.GetTimestamp();

    public void Report(long round)
    {
        if (context.Time.GetElapsedTime(_written) < Between) return;
        _written = context.Time.GetTimestamp();
        context.Error.WriteLine($"{what}: round {round} of {rounds}");
    }
}
