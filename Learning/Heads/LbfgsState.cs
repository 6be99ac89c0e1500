using FwdLLM.Learning.Estimation;

namespace FwdLLM.Learning.Heads;

/// <summary>Everything <see cref="Lbfgs"/> knows between two evaluations. Immutable by convention: its arrays are never written after creation.</summary>
public sealed record LbfgsState
{
    private const uint Tag = 0x31474246; // "FBG1"
    private const int ArraysWithoutHistory = 5;

    /// <summary>Where to evaluate value and gradient next [d].</summary>
    public required double[] Point { get; init; }

    /// <summary>The point of the lowest value seen [d].</summary>
    public required double[] Best { get; init; }

    /// <summary>The lowest value seen; +∞ before the first evaluation.</summary>
    public double BestValue { get; init; } = double.PositiveInfinity;

    /// <summary>Where the line search started [d].</summary>
    public required double[] Base { get; init; }

    /// <summary>Value at <see cref="Base"/>; NaN before the first evaluation.</summary>
    public double BaseValue { get; init; } = double.NaN;

    /// <summary>Gradient at <see cref="Base"/> [d].</summary>
    public required double[] BaseGradient { get; init; }

    /// <summary>Direction of the line search [d].</summary>
    public required double[] Direction { get; init; }

    /// <summary>Step along <see cref="Direction"/> that led to <see cref="Point"/>.</summary>
    public double StepLength { get; init; }

    /// <summary>‖gradient‖ at the start, for the convergence test.</summary>
    public double FirstGradientNorm { get; init; }

    /// <summary>Evaluations used.</summary>
    public int Evaluations { get; init; }

    /// <summary>Times this line search has shortened its step.</summary>
    public int Backtracks { get; init; }

    /// <summary>Nothing is left to gain: <see cref="Best"/> is the answer.</summary>
    public bool Converged { get; init; }

    /// <summary>Differences of accepted points, oldest first [≤ 6][d].</summary>
    public double[][] PointChanges { get; init; } = [];

    /// <summary>Differences of their gradients, oldest first [≤ 6][d].</summary>
    public double[][] GradientChanges { get; init; } = [];

    /// <summary>Writes the state, little endian: the same state always gives the same bytes.</summary>
    public void Write(BinaryWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.Write(Tag);
        writer.Write(Point.Length);
        writer.Write(Evaluations);
        writer.Write(Backtracks);
        writer.Write(Converged ? 1 : 0);
        writer.Write(PointChanges.Length);
        PortableArrays.WriteAll(writer, [BestValue, BaseValue, StepLength, FirstGradientNorm]);
        foreach (var array in (double[][])[Point, Best, Base, BaseGradient, Direction, .. PointChanges, .. GradientChanges])
            PortableArrays.WriteAll(writer, array);
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <exception cref="InvalidDataException">Something else, cut off or damaged.</exception>
    public static LbfgsState Read(BinaryReader reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        var dimension = PortableArrays.ReadHeader(reader, Tag, "L-BFGS state");
        if (dimension == 0) throw new InvalidDataException("L-BFGS state: a dimension of 0; it must be positive.");
        var numbers = PortableArrays.ReadInt32(reader, 4, "L-BFGS state's counters");
        var history = numbers[3];
        if (numbers[0] < 0 || numbers[1] < 0 || numbers[2] is not (0 or 1) || history is < 0 or > Lbfgs.HistoryLength)
            throw new InvalidDataException($"L-BFGS state: counters {string.Join(", ", numbers)}; evaluations and backtracks must not be negative, converged must be 0 or 1 and history at most {Lbfgs.HistoryLength}.");
        var scalars = PortableArrays.ReadDoubles(reader, 4, "L-BFGS state's values");
        var arrays = new double[ArraysWithoutHistory + 2 * history][];
        for (var i = 0; i < arrays.Length; i++)
        {
            arrays[i] = PortableArrays.ReadDoubles(reader, dimension, "L-BFGS state");
            if (!Array.TrueForAll(arrays[i], double.IsFinite)) throw new InvalidDataException($"L-BFGS state: array {i} holds a number that is not finite; the bytes are damaged.");
        }

        return new LbfgsState
        {
            Point = arrays[0],
            Best = arrays[1],
            Base = arrays[2],
            BaseGradient = arrays[3],
            Direction = arrays[4],
            BestValue = scalars[0],
            BaseValue = scalars[1],
            StepLength = scalars[2],
            FirstGradientNorm = scalars[3],
            Evaluations = numbers[0],
            Backtracks = numbers[1],
            Converged = numbers[2] == 1,
            PointChanges = arrays[ArraysWithoutHistory..(ArraysWithoutHistory + history)],
            GradientChanges = arrays[(ArraysWithoutHistory + history)..],
        };
    }
}
