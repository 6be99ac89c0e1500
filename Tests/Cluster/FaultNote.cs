using System.Globalization;

namespace FwdLLM.Tests.Cluster;

/// <summary>What a silo noted of a fault, or of a point that it passed.</summary>
/// <param name="ProcessId">The silo.</param>
/// <param name="At">When, by its clock.</param>
/// <param name="Round">The round in which it was.</param>
internal sealed record FaultNote(int ProcessId, DateTimeOffset At, uint Round)
{
    /// <summary>Reads <c>PROCESS MILLISECONDS JOB ROUND</c>.</summary>
    public static FaultNote Parse(string line)
    {
        var parts = line.Split(' ');
        return new FaultNote(
            int.Parse(parts[0], CultureInfo.InvariantCulture),
            DateTimeOffset.FromUnixTimeMilliseconds(long.Parse(parts[1], CultureInfo.InvariantCulture)),
            uint.Parse(parts[3], CultureInfo.InvariantCulture));
    }
}
