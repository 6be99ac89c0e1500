using System.Globalization;
using System.Text.Json;

namespace FwdLLM.Bench.Memory;

/// <summary>What a <see cref="MemoryDevice"/> measured.</summary>
/// <param name="PeakResident">Bytes, file pages included.</param>
/// <param name="PeakAnonymous">Bytes that are no pages of a file.</param>
internal sealed record MemoryCost(long PeakResident, long PeakAnonymous)
{
    public static MemoryCost FromJson(string json) => JsonSerializer.Deserialize<MemoryCost>(json) ?? throw new ArgumentException("The device's cost is null.", nameof(json));

    public string ToJson() => JsonSerializer.Serialize(this);

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{PeakResident / 1e6:f0} ({PeakAnonymous / 1e6:f0})");
}
