namespace FwdLLM.Bench.Load;

/// <summary>One configuration, measured.</summary>
/// <param name="Settings">The configuration.</param>
/// <param name="Warm">Memory of the silos after a job of fifty devices.</param>
/// <param name="EchoRates">Plain calls per second, one value a repetition.</param>
/// <param name="EchoLatencies">Their latencies.</param>
/// <param name="Before">Memory before the devices enrol.</param>
/// <param name="Run">The job.</param>
/// <param name="After">Memory after it.</param>
/// <param name="ProcessorSeconds">Processor time the silos spent on it.</param>
internal sealed record LoadResult(
    LoadSettings Settings, SiloMemory Warm, List<double> EchoRates, LatencyList EchoLatencies, SiloMemory Before, LoadRun Run, SiloMemory After, double ProcessorSeconds);
