namespace FwdLLM.Bench.Load;

/// <summary>What is measured.</summary>
/// <param name="Devices">Virtual devices.</param>
/// <param name="Silos">Silo processes.</param>
/// <param name="Rounds">Rounds of each kind after one to warm up.</param>
/// <param name="InFlight">Contributions on their way at a time while latencies are taken.</param>
/// <param name="Storage">sqlite, redis or postgresql.</param>
internal sealed record LoadSettings(int Devices, int Silos, int Rounds, int InFlight, string Storage);
