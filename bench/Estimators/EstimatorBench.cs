using System.Diagnostics;
using System.Globalization;
using FwdLLM.Learning.Estimation;
using FwdLLM.Learning.Random;

namespace FwdLLM.Bench;

/// <summary>How fast the server rebuilds directions and sums them: terms (coordinate × direction) per second on one core.</summary>
public static class EstimatorBench
{
    private const int Repeats = 7;

    /// <summary>Measures every path that this processor has and prints a Markdown table. Arguments: dimension and number of directions.</summary>
    /// <returns>0; 2 for arguments that are not two positive integers.</returns>
    public static int Run(string[] args)
    {
        var (dimension, directions) = (150_000, 2_048);
        if (args.Length > 0 && !(args.Length == 2 && Positive(args[0], out dimension) && Positive(args[1], out directions)))
        {
            Console.Error.WriteLine($"estimators: the arguments are '{string.Join(' ', args)}'; give a dimension and a number of directions, both positive, or nothing.");
            return 2;
        }

        var key = StreamKey.FromSeed(1, "estimator bench");
        var addresses = new DirectionAddress[directions];
        var scalars = new int[directions];
        var random = new CounterRandom(key, new DirectionAddress(0, 0, 0));
        for (var k = 0; k < directions; k++)
        {
            addresses[k] = new DirectionAddress(1, (uint)k / 64, (uint)k % 64);
            scalars[k] = random.Next(1 << 17) - (1 << 16);
        }

        Console.WriteLine($"Signed sum, one core: d = {dimension}, {directions} directions, {Repeats} runs after a warm-up.");
        Console.WriteLine();
        Console.WriteLine("| work | path | best ms | median ms | best G terms/s | median G terms/s |");
        Console.WriteLine("|---|---|---|---|---|---|");
        long[]? expected = null;
        foreach (var level in Enum.GetValues<SimdLevel>().Where(SimdLevels.IsSupported))
        {
            // The narrow paths are two orders slower; a part of the work is enough to time them.
            var count = level >= SimdLevel.Vector256 ? directions : Math.Max(1, directions / 16);
            Row("rebuild and sum", level.ToString(), (double)dimension * count, () => Sum(level, count));
            var sums = Sum(level, Math.Min(directions, 64)).Sums;
            expected ??= sums;
            if (!expected.AsSpan().SequenceEqual(sums)) throw new InvalidOperationException($"The {level} path gives other sums than the plain one.");
        }

        var direction = new float[dimension];
        Row("write ±1 as float", SimdLevels.Best.ToString(), dimension, () => RademacherStream.Fill(key, addresses[0], direction));
        Row("write normal as float", "double", dimension, () => GaussianStream.Fill(key, addresses[0], direction));
        var dense = new DenseSum(dimension);
        Row("dense sum of a vector", "Int128", dimension, () => dense.AddScaled(direction, 0.125f));
        return 0;

        SignedSum Sum(SimdLevel level, int count)
        {
            var sum = new SignedSum(dimension);
            sum.Add(key, addresses.AsSpan(0, count), scalars.AsSpan(0, count), level);
            return sum;
        }
    }

    private static void Row(string work, string path, double terms, Action action)
    {
        for (var warm = 0; warm < 3; warm++) action();
        var times = new double[Repeats];
        for (var i = 0; i < Repeats; i++)
        {
            var start = Stopwatch.GetTimestamp();
            action();
            times[i] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }

        Array.Sort(times);
        var (best, median) = (times[0], times[Repeats / 2]);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {work} | {path} | {best:F3} | {median:F3} | {terms / best / 1e6:F2} | {terms / median / 1e6:F2} |"));
    }

    private static bool Positive(string text, out int value) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value) && value > 0;
}
