using System.Diagnostics;
using System.Globalization;
using FwdLLM.Learning.Estimation;
using FwdLLM.Learning.Random;

namespace FwdLLM.Bench;

/// <summary>How fast the server rebuilds directions and sums them: terms (coordinate × direction) per second on one core.</summary>
internal static class EstimatorBench
{
    public const string Options = """
          --dimension N   Length of a direction. Default: 150000; short: 20000.
          --directions N  Directions summed. Default: 2048; short: 256.
        """;

    /// <summary>Measures every path that this processor has and prints a Markdown table.</summary>
    /// <returns>0; a path that gives other sums than the plain one is an exception.</returns>
    public static int Run(BenchArguments arguments)
    {
        arguments.AllowOnly("dimension", "directions");
        var dimension = arguments.GetPositive("dimension", arguments.Short ? 20_000 : 150_000);
        var directions = arguments.GetPositive("directions", arguments.Short ? 256 : 2_048);
        var (repeats, warmUp) = arguments.Short ? (3, 20d) : (25, 400d);
        var key = StreamKey.FromSeed(1, "estimator bench");
        var addresses = new DirectionAddress[directions];
        var scalars = new int[directions];
        var random = new CounterRandom(key, new DirectionAddress(0, 0, 0));
        for (var k = 0; k < directions; k++)
        {
            addresses[k] = new DirectionAddress(1, (uint)k / 64, (uint)k % 64);
            scalars[k] = random.Next(1 << 17) - (1 << 16);
        }

        Console.WriteLine($"Signed sum, one core: d = {dimension}, {directions} directions, {repeats} runs after a warm-up.");
        Console.WriteLine();
        Console.WriteLine("| work | path | best ms | median ms | best G terms/s | median G terms/s |");
        Console.WriteLine("|---|---|---|---|---|---|");
        long[]? expected = null;
        foreach (var level in Enum.GetValues<SimdLevel>().Where(SimdLevels.IsSupported))
        {
            // The narrow paths are two orders slower; a part of the work is enough to time them.
            var count = level >= SimdLevel.Vector256 ? directions : Math.Max(1, directions / 16);
            Row(repeats, warmUp, "rebuild and sum", level.ToString(), (double)dimension * count, () => Sum(level, count));
            var sums = Sum(level, Math.Min(directions, 64)).Sums;
            expected ??= sums;
            if (!expected.AsSpan().SequenceEqual(sums)) throw new InvalidOperationException($"The {level} path gives other sums than the plain one.");
        }

        var direction = new float[dimension];
        Row(repeats, warmUp, "write ±1 as float", SimdLevels.Best.ToString(), dimension, () => RademacherStream.Fill(key, addresses[0], direction));
        Row(repeats, warmUp, "write normal as float", "double", dimension, () => GaussianStream.Fill(key, addresses[0], direction));
        var dense = new DenseSum(dimension);
        Row(repeats, warmUp, "dense sum of a vector", "Int128", dimension, () => dense.AddScaled(direction, 0.125f));
        return 0;

        SignedSum Sum(SimdLevel level, int count)
        {
            var sum = new SignedSum(dimension);
            sum.Add(key, addresses.AsSpan(0, count), scalars.AsSpan(0, count), level);
            return sum;
        }
    }

    private static void Row(int repeats, double warmUpMilliseconds, string work, string path, double terms, Action action)
    {
        // Long enough for the runtime to replace its quick first compilation.
        for (var begin = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(begin).TotalMilliseconds < warmUpMilliseconds;) action();
        var times = new double[repeats];
        for (var i = 0; i < repeats; i++)
        {
            var start = Stopwatch.GetTimestamp();
            action();
            times[i] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }

        Array.Sort(times);
        var (best, median) = (times[0], times[repeats / 2]);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {work} | {path} | {best:F3} | {median:F3} | {terms / best / 1e6:F2} | {terms / median / 1e6:F2} |"));
    }
}
