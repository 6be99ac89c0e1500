namespace FwdLLM.Modeling.Checkpoints;

/// <summary>Symmetric INT8 with one scale per row: q = round(w / s), s = max|w| / 127, w ≈ q·s. A row of zeros has scale 0.</summary>
public static class RowQuantizer
{
    private const int EightBits = 127;

    /// <summary>Quantises a matrix.</summary>
    /// <param name="values">[rows, columns], row-major; all finite.</param>
    /// <param name="rows">Number of rows; a row is an output channel of a linear layer, or one embedding.</param>
    /// <param name="limit">Largest integer, at most 127; fewer bits for kernels that need room.</param>
    /// <returns>Integers in ±<paramref name="limit"/> and scales [rows]. The error of an element is at most half its row's scale.</returns>
    /// <exception cref="ArgumentException">A value is not finite, or the length is not a multiple of the rows.</exception>
    public static (sbyte[] Values, float[] Scales) Quantize(ReadOnlySpan<float> values, int rows, int limit = EightBits)
    {
        if (rows <= 0 || values.Length % rows != 0)
            throw new ArgumentException($"{values.Length} values do not make {rows} rows.", nameof(rows));
        var columns = values.Length / rows;
        var quantised = new sbyte[values.Length];
        var scales = new float[rows];
        for (var row = 0; row < rows; row++)
        {
            var source = values.Slice(row * columns, columns);
            var max = 0f;
            foreach (var value in source)
            {
                if (!float.IsFinite(value))
                    throw new ArgumentException($"Row {row} holds {value}; only finite weights can be quantised.", nameof(values));
                max = Math.Max(max, Math.Abs(value));
            }

            var scale = scales[row] = max / limit;
            if (scale == 0)
                continue;
            // The clamp matters only where the scale is denormal and the division rounds past the limit.
            for (var column = 0; column < columns; column++)
                quantised[row * columns + column] = (sbyte)Math.Clamp(MathF.Round(source[column] / scale), -limit, limit);
        }

        return (quantised, scales);
    }

    /// <summary>Integers times their row's scale.</summary>
    /// <param name="values">[rows, columns], row-major.</param>
    /// <param name="scales">[rows].</param>
    public static float[] Dequantize(ReadOnlySpan<sbyte> values, ReadOnlySpan<float> scales)
    {
        var result = new float[values.Length];
        var columns = scales.Length == 0 ? 0 : values.Length / scales.Length;
        for (var i = 0; i < result.Length; i++)
            result[i] = values[i] * scales[i / columns];
        return result;
    }
}
