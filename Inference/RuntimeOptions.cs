namespace FwdLLM.Inference;

/// <summary>How much of a device a <see cref="ModelRuntime"/> may use.</summary>
public sealed record RuntimeOptions
{
    /// <summary>Threads of one run.</summary>
    /// <value>1.</value>
    /// <remarks>A second thread makes one run 1.8 times as fast and doubles what the owner of the device notices.</remarks>
    public int Threads { get; init; } = 1;

    /// <summary>Most rows (tokens, padding included, times one plus the directions) in one run.</summary>
    /// <value>600.</value>
    /// <remarks>Activations of about 600 rows of a small encoder stay in the cache, and memory stays near that of plain inference. A single sequence may exceed it.</remarks>
    public int MaxRows { get; init; } = 600;

    /// <summary>Most directions in one run; the value itself is computed again in every run.</summary>
    /// <value>8.</value>
    public int JvpChunk { get; init; } = 8;

    /// <summary>Bytes of frozen prefix outputs to keep; 0 keeps none. Used only where the prefix holds encoder layers.</summary>
    /// <value>64 MiB: about 650 texts of 64 tokens at width 384.</value>
    public long PrefixCacheBytes { get; init; } = 64L << 20;

    /// <summary>Whether ONNX Runtime lays out weights anew for its kernels, in memory of its own.</summary>
    /// <value>true.</value>
    /// <remarks>false halves the memory of a model whose weights are most of it: they stay pages of the mapped file, and 4- and 8-bit blocks are unpacked, a matrix at a time, in every run. Slower on short texts: docs/inference.md.</remarks>
    public bool Prepack { get; init; } = true;

    /// <summary>Whether products with the weights of <c>int8</c> read them as unsigned bytes.</summary>
    /// <value>true on CPUs whose kernels saturate on signed ones: <see cref="IntegerKernels.SignedWeightsSaturate"/>.</value>
    /// <remarks>The outputs are the same bits wherever signed weights do not saturate, and slower there: docs/precision.md. The weights then lie in memory of their own, not in the mapped file.</remarks>
    public bool UnsignedWeights { get; init; } = IntegerKernels.SignedWeightsSaturate;

    /// <summary>Whether <see cref="ModelRuntime.Vjp"/> may be used.</summary>
    /// <value>true.</value>
    /// <remarks>Nothing is loaded for it before the first call. A device that must never backpropagate sets this to false.</remarks>
    public bool AllowVjp { get; init; } = true;

    internal void Check()
    {
        Require(Threads is >= 1 and <= 1024, nameof(Threads), Threads, "1 to 1024");
        Require(MaxRows >= 1, nameof(MaxRows), MaxRows, "at least 1");
        Require(JvpChunk is >= 1 and <= 4096, nameof(JvpChunk), JvpChunk, "1 to 4096");
        Require(PrefixCacheBytes >= 0, nameof(PrefixCacheBytes), PrefixCacheBytes, "0 or more");
    }

    private static void Require(bool condition, string name, object value, string range)
    {
        if (!condition)
            throw new ArgumentOutOfRangeException(name, value, $"Runtime option {name} must be {range}.");
    }
}
