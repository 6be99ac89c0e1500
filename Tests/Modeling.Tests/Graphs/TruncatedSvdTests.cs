using FwdLLM.Modeling.Adapters;
using MathNet.Numerics.LinearAlgebra;

namespace FwdLLM.Tests.Modeling.Graphs;

public sealed class TruncatedSvdTests
{
    [Theory]
    [InlineData(60, 24, 5)]
    [InlineData(24, 60, 5)]
    [InlineData(30, 30, 30)]
    [InlineData(7, 1, 1)]
    public void Factors_of_a_random_matrix_match_the_full_decomposition(int rows, int columns, int rank)
    {
        var weight = Random(rows * columns, 3);
        var svd = TruncatedSvd.Of(weight, rows, columns, rank);
        var full = Matrix<double>.Build.Dense(rows, columns, (i, j) => weight[i * columns + j]).Svd();
        for (var k = 0; k < rank; k++)
        {
            Assert.Equal(full.S[k], svd.SingularValues[k], 1e-8 * full.S[0]);
            // Vectors are unique up to the sign, which the product of both sides does not have.
            for (var i = 0; i < rows; i++)
                for (var j = 0; j < columns; j++)
                    Assert.Equal(full.U[i, k] * full.S[k] * full.VT[k, j], svd.U[i * rank + k] * (double)svd.ScaledVt[k * columns + j], 2e-6);
        }
    }

    [Fact]
    public void Largest_component_of_each_left_vector_is_positive()
    {
        var svd = TruncatedSvd.Of(Random(40 * 20, 4), 40, 20, 6);
        for (var k = 0; k < 6; k++)
            Assert.True(Enumerable.Range(0, 40).Select(row => svd.U[row * 6 + k]).MaxBy(Math.Abs) > 0);
    }

    [Fact]
    public void Repeated_singular_values_give_orthonormal_vectors()
    {
        var identity = new float[20 * 20];
        for (var index = 0; index < 20; index++)
            identity[index * 21] = 2;
        var svd = TruncatedSvd.Of(identity, 20, 20, 8);
        Assert.All(svd.SingularValues, value => Assert.Equal(2, value, 1e-9));
        for (var a = 0; a < 8; a++)
            for (var b = 0; b < 8; b++)
                Assert.Equal(a == b ? 1 : 0, Enumerable.Range(0, 20).Sum(row => (double)svd.U[row * 8 + a] * svd.U[row * 8 + b]), 1e-6);
    }

    [Theory]
    [InlineData(12, 9)]
    [InlineData(9, 12)]
    public void Matrix_of_low_rank_and_the_zero_matrix_give_finite_factors(int rows, int columns)
    {
        var (u, v) = (Random(rows, 1), Random(columns, 2));
        var rankOne = new float[rows * columns];
        for (var i = 0; i < rows; i++)
            for (var j = 0; j < columns; j++)
                rankOne[i * columns + j] = u[i] * v[j];
        foreach (var weight in new[] { rankOne, new float[rows * columns] })
        {
            var svd = TruncatedSvd.Of(weight, rows, columns, 4);
            Assert.All(svd.U.Concat(svd.ScaledVt), value => Assert.True(float.IsFinite(value)));
            for (var i = 0; i < rows; i++)
                for (var j = 0; j < columns; j++)
                    Assert.Equal(weight[i * columns + j], Enumerable.Range(0, 4).Sum(k => (double)svd.U[i * 4 + k] * svd.ScaledVt[k * columns + j]), 1e-6);
        }
    }

    [Fact]
    public void Same_matrix_gives_the_same_bits()
    {
        var weight = Random(50 * 30, 8);
        Assert.Equal(TruncatedSvd.Of(weight, 50, 30, 4).U, TruncatedSvd.Of(weight, 50, 30, 4).U);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    public void Impossible_rank_is_refused(int rank) => Assert.Throws<ArgumentOutOfRangeException>(() => TruncatedSvd.Of(new float[12], 4, 3, rank));

    private static float[] Random(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() - 0.5f)];
    }
}
