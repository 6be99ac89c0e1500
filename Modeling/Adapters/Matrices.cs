namespace FwdLLM.Modeling.Adapters;

/// <summary>Row-major matrix helpers.</summary>
internal static class Matrices
{
    /// <summary>[rows, columns] → [columns, rows].</summary>
    public static float[] Transpose(ReadOnlySpan<float> matrix, int rows, int columns)
    {
        var result = new float[matrix.Length];
        for (var row = 0; row < rows; row++)
            for (var column = 0; column < columns; column++)
                result[column * rows + row] = matrix[row * columns + column];
        return result;
    }
}
