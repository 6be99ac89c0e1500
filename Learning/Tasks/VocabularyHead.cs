using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace FwdLLM.Learning.Tasks;

/// <summary>
/// The output layer of a causal language model: scores W·x of all V tokens, without bias. Vectors of eight lanes whatever the machine has, so that
/// every machine adds in the same order. Immutable and thread-safe.
/// </summary>
public sealed class VocabularyHead
{
    private const int Lanes = 8;

    // Rows of W that stay in a core's cache while every feature row of a block passes over them.
    private const int TileRows = 64;

    private readonly float[] _weight;

    /// <summary>Creates a head.</summary>
    /// <param name="weight">W [V, H]; not copied, and not to be changed.</param>
    /// <param name="features">H.</param>
    /// <exception cref="ArgumentException">The weight is no rows of H, or fewer than two.</exception>
    public VocabularyHead(float[] weight, int features)
    {
        ArgumentNullException.ThrowIfNull(weight);
        ArgumentOutOfRangeException.ThrowIfLessThan(features, 1);
        if (weight.Length % features != 0 || weight.Length < 2 * features)
            throw new ArgumentException($"An output layer of {weight.Length} numbers is not at least 2 rows of {features}; take the one that belongs to the model.", nameof(weight));
        (_weight, Features, Tokens) = (weight, features, weight.Length / features);
    }

    /// <summary>V.</summary>
    public int Tokens { get; }

    /// <summary>H.</summary>
    public int Features { get; }

    /// <summary>Scores [m, V] of m feature rows.</summary>
    /// <param name="rows">[m, H].</param>
    /// <param name="scores">[m, V], filled.</param>
    internal void Scores(ReadOnlySpan<float> rows, Span<float> scores)
    {
        var count = rows.Length / Features;
        for (var first = 0; first < Tokens; first += TileRows)
            for (var row = 0; row < count; row++)
                for (var token = first; token < Math.Min(Tokens, first + TileRows); token++)
                    scores[(row * Tokens) + token] = Dot(Weight(token), rows.Slice(row * Features, Features));
    }

    /// <summary>Wᵀc [m, H] of m rows of coefficients.</summary>
    /// <param name="coefficients">[m, V].</param>
    /// <param name="result">[m, H], filled.</param>
    internal void Transposed(ReadOnlySpan<float> coefficients, Span<double> result)
    {
        result.Clear();
        var count = result.Length / Features;
        var sum = new float[Features];
        for (var first = 0; first < Tokens; first += TileRows)
            for (var row = 0; row < count; row++)
            {
                Array.Clear(sum);
                for (var token = first; token < Math.Min(Tokens, first + TileRows); token++)
                    AddScaled(sum, coefficients[(row * Tokens) + token], Weight(token));
                for (var h = 0; h < sum.Length; h++) result[(row * Features) + h] += sum[h];
            }
    }

    private ReadOnlySpan<float> Weight(int token) => _weight.AsSpan(token * Features, Features);

    private static float Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        var (sum, i) = (Vector256<float>.Zero, 0);
        ref var left = ref MemoryMarshal.GetReference(a);
        ref var right = ref MemoryMarshal.GetReference(b);
        for (; i <= a.Length - Lanes; i += Lanes) sum += Vector256.LoadUnsafe(ref left, (nuint)i) * Vector256.LoadUnsafe(ref right, (nuint)i);
        var total = 0f;
        for (var lane = 0; lane < Lanes; lane++) total += sum[lane];
        for (; i < a.Length; i++) total += a[i] * b[i];
        return total;
    }

    private static void AddScaled(Span<float> sum, float factor, ReadOnlySpan<float> row)
    {
        var i = 0;
        ref var target = ref MemoryMarshal.GetReference(sum);
        ref var source = ref MemoryMarshal.GetReference(row);
        for (; i <= row.Length - Lanes; i += Lanes)
            (Vector256.LoadUnsafe(ref target, (nuint)i) + (Vector256.LoadUnsafe(ref source, (nuint)i) * factor)).StoreUnsafe(ref target, (nuint)i);
        for (; i < row.Length; i++) sum[i] += row[i] * factor;
    }
}
