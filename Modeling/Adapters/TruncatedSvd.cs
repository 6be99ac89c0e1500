using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using MathNet.Numerics.LinearAlgebra;

namespace FwdLLM.Modeling.Adapters;

/// <summary>
/// The r largest singular values of a matrix with their vectors, W ≈ U·(ΣVᵀ), in double precision. Block Krylov iteration with
/// full reorthogonalisation on the smaller Gram matrix (Golub and Van Loan, Matrix Computations, §10.3.6), until the residual of
/// every wanted pair is below 1e-10 of the largest eigenvalue. Deterministic; the component of each left vector that is largest
/// in absolute value is positive.
/// </summary>
/// <param name="U">[out, r], row-major.</param>
/// <param name="ScaledVt">ΣVᵀ [r, in], row-major.</param>
/// <param name="SingularValues">σ, descending [r].</param>
internal sealed record TruncatedSvd(float[] U, float[] ScaledVt, double[] SingularValues)
{
    private const double Tolerance = 1e-10;

    /// <summary>Decomposes <paramref name="weight"/> [rows, columns].</summary>
    public static TruncatedSvd Of(ReadOnlySpan<float> weight, int rows, int columns, int rank)
    {
        if (rank < 1 || rank > Math.Min(rows, columns))
            throw new ArgumentOutOfRangeException(nameof(rank), rank, $"Rank must lie between 1 and {Math.Min(rows, columns)} for a matrix of {rows} × {columns}.");
        // Work on the side with fewer vectors: lines are rows of W when there are fewer rows, else columns.
        var byRows = rows <= columns;
        var lines = new double[byRows ? rows : columns][];
        for (var line = 0; line < lines.Length; line++)
        {
            lines[line] = new double[byRows ? columns : rows];
            for (var index = 0; index < lines[line].Length; index++)
                lines[line][index] = byRows ? weight[line * columns + index] : weight[index * columns + line];
        }

        var vectors = LeadingVectors(Gram(lines), rank);
        var values = new double[rank];
        var u = new float[rows * rank];
        var scaledVt = new float[rank * columns];
        for (var k = 0; k < rank; k++)
        {
            // The other side, scaled: linesᵀ·vector = σ·partner.
            var partner = new double[lines[0].Length];
            for (var line = 0; line < lines.Length; line++)
                for (var index = 0; index < partner.Length; index++)
                    partner[index] += vectors[k][line] * lines[line][index];
            values[k] = Math.Sqrt(Dot(partner, partner));
            // A vanishing singular value has no left vector when the partner is the left side: zero keeps its direction inert.
            var inverse = values[k] > 1e-7 * values[0] ? 1 / values[k] : 0;
            var left = byRows ? vectors[k] : Array.ConvertAll(partner, value => value * inverse);
            var right = byRows ? partner : Array.ConvertAll(vectors[k], value => value * values[k]);
            var sign = left.MaxBy(Math.Abs) < 0 ? -1 : 1;
            for (var row = 0; row < rows; row++)
                u[row * rank + k] = (float)(sign * left[row]);
            for (var column = 0; column < columns; column++)
                scaledVt[k * columns + column] = (float)(sign * right[column]);
        }

        return new TruncatedSvd(u, scaledVt, values);
    }

    /// <summary>Unit eigenvectors of the largest eigenvalues, descending.</summary>
    private static double[][] LeadingVectors(double[][] gram, int count)
    {
        var size = gram.Length;
        var blockSize = Math.Min(size, count + 2);
        var basis = new List<double[]>();
        var images = new List<double[]>();
        var random = 0x9E3779B97F4A7C15UL;
        var candidates = Enumerable.Range(0, blockSize).Select(_ => RandomVector(size, ref random)).ToList();
        while (true)
        {
            var before = basis.Count;
            foreach (var candidate in candidates)
                if (basis.Count < size && Orthonormalise(candidate, basis))
                {
                    basis.Add(candidate);
                    images.Add(Array.ConvertAll(gram, line => Dot(line, candidate)));
                }

            if (basis.Count >= count && Converged(basis, images, count) is { } vectors)
                return vectors;
            // Nothing new: the space is invariant, so its complement needs fresh vectors.
            candidates = basis.Count == before
                ? [.. Enumerable.Range(0, blockSize).Select(_ => RandomVector(size, ref random))]
                : [.. images.Skip(before).Select(image => (double[])image.Clone())];
        }
    }

    /// <summary>Rayleigh–Ritz vectors, or null while a residual is too large.</summary>
    private static double[][]? Converged(List<double[]> basis, List<double[]> images, int count)
    {
        var projected = Matrix<double>.Build.Dense(basis.Count, basis.Count, (i, j) => i <= j ? Dot(basis[i], images[j]) : Dot(basis[j], images[i]));
        var decomposition = projected.Evd(Symmetricity.Symmetric); // ascending
        var largest = decomposition.EigenValues[basis.Count - 1].Real;
        var vectors = new double[count][];
        for (var k = 0; k < count; k++)
        {
            var column = basis.Count - 1 - k;
            var weights = decomposition.EigenVectors.Column(column);
            var value = decomposition.EigenValues[column].Real;
            vectors[k] = Combine(basis, weights);
            var residual = Combine(images, weights);
            for (var index = 0; index < residual.Length; index++)
                residual[index] -= value * vectors[k][index];
            if (basis.Count < vectors[k].Length && Math.Sqrt(Dot(residual, residual)) > Tolerance * largest)
                return null;
        }

        return vectors;
    }

    private static double[] Combine(List<double[]> vectors, Vector<double> weights)
    {
        var sum = new double[vectors[0].Length];
        for (var j = 0; j < vectors.Count; j++)
            for (var index = 0; index < sum.Length; index++)
                sum[index] += weights[j] * vectors[j][index];
        return sum;
    }

    /// <summary>Gram–Schmidt, twice for full precision; false when nothing is left of the vector.</summary>
    private static bool Orthonormalise(double[] vector, List<double[]> basis)
    {
        var original = Math.Sqrt(Dot(vector, vector));
        for (var pass = 0; pass < 2; pass++)
            foreach (var other in basis)
            {
                var share = Dot(other, vector);
                for (var index = 0; index < vector.Length; index++)
                    vector[index] -= share * other[index];
            }

        var norm = Math.Sqrt(Dot(vector, vector));
        if (norm <= 1e-12 * original || norm == 0)
            return false;
        for (var index = 0; index < vector.Length; index++)
            vector[index] /= norm;
        return true;
    }

    private static double[][] Gram(double[][] lines)
    {
        var gram = Array.ConvertAll(lines, _ => new double[lines.Length]);
        for (var i = 0; i < lines.Length; i++)
            for (var j = 0; j <= i; j++)
                gram[i][j] = gram[j][i] = Dot(lines[i], lines[j]);
        return gram;
    }

    // Fixed four-lane order, so that the sum is the same on every processor.
    private static double Dot(double[] a, double[] b)
    {
        var left = MemoryMarshal.Cast<double, Vector256<double>>(a);
        var right = MemoryMarshal.Cast<double, Vector256<double>>(b);
        var sum = Vector256<double>.Zero;
        for (var index = 0; index < left.Length; index++)
            sum += left[index] * right[index];
        var total = sum[0] + sum[1] + (sum[2] + sum[3]);
        for (var index = left.Length * 4; index < a.Length; index++)
            total += a[index] * b[index];
        return total;
    }

    private static double[] RandomVector(int size, ref ulong state)
    {
        var vector = new double[size];
        for (var index = 0; index < size; index++)
        {
            state = state * 6364136223846793005UL + 1442695040888963407UL;
            vector[index] = (state >> 11) * (1.0 / (1UL << 52)) - 1;
        }

        return vector;
    }
}
