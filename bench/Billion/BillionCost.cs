using System.Text.Json;

namespace FwdLLM.Bench.Billion;

/// <summary>What a <see cref="BillionDevice"/> measured.</summary>
/// <param name="Dimension">d.</param>
/// <param name="FirstSeconds">First call.</param>
/// <param name="Seconds">Fastest later call.</param>
/// <param name="PeakResident">Bytes.</param>
/// <param name="PeakAnonymous">Bytes.</param>
internal sealed record BillionCost(int Dimension, double FirstSeconds, double Seconds, long PeakResident, long PeakAnonymous)
{
    public static BillionCost FromJson(string json) => JsonSerializer.Deserialize<BillionCost>(json) ?? throw new ArgumentException("The device's cost is null.", nameof(json));

    public string ToJson() => JsonSerializer.Serialize(this);
}
