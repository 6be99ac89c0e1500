using FwdLLM.Grains.Interfaces;

namespace FwdLLM.Bench.Faults;

/// <summary>How a job ended.</summary>
/// <param name="Status">Its last status.</param>
/// <param name="Verdict">Journal, receipts and replay.</param>
/// <param name="Seconds">From the first round to the end.</param>
/// <param name="Accuracy">On rows that nobody trained on.</param>
/// <param name="Tested">How many rows.</param>
internal sealed record ChaosOutcome(JobStatus Status, ChaosVerdict Verdict, double Seconds, double Accuracy, int Tested);
