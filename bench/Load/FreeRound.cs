namespace FwdLLM.Bench.Load;

/// <summary>A round in which every device answers as fast as it can.</summary>
/// <param name="Whole">From the end of the round before to its own, as the job reports them.</param>
/// <param name="Watch">What its devices saw.</param>
/// <param name="Closed">When its end was reported.</param>
internal sealed record FreeRound(TimeSpan Whole, RoundWatch Watch, long Closed);
