using FwdLLM.Grains.Interfaces;

namespace FwdLLM.Bench.Measuring;

/// <summary>The model that jobs without a computation name: LoRA-XS on all linear layers of MiniLM, d = 2,304 (docs/decisions/0005).</summary>
internal static class ProbeModel
{
    /// <summary>Numbers per example before the head.</summary>
    public const int Features = 384;

    /// <summary>d, parameters of the adapter.</summary>
    public const int Dimension = Blocks * BlockLength;

    private const int Blocks = 36, BlockLength = 64;

    public static ModelReference Reference { get; } = new()
    {
        ManifestSha256 = new string('a', 64),
        FeatureSize = Features,
        Blocks = [.. Enumerable.Range(0, Blocks).Select(block => new ModelBlock { Name = $"encoder.layer.{block / 6}.linear.{block % 6}", Length = BlockLength })],
    };
}
