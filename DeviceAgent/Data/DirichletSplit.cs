using System.Globalization;

namespace FwdLLM.DeviceAgent.Data;

/// <summary>
/// Skewed labels, even sizes (Hsu, Qi and Brown, arXiv 1909.06335): every device draws its own mix of labels from a
/// Dirichlet distribution and fills its share from it, without replacement.
/// A label that is used up leaves the mix; the last devices take what is left.
/// </summary>
/// <param name="Alpha">Concentration per label (times the label's share of the rows times the number of labels): 0.1 gives devices of one or two labels, 100 almost equal ones.</param>
internal sealed record DirichletSplit(double Alpha) : DataSplit
{
    public const double MinAlpha = 1e-3;
    public const double MaxAlpha = 1e6;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"dirichlet:{Alpha}");

    private protected override int[][] Deal(IDataSet data, int devices, SeededRandom random)
    {
        var pools = Pools(data, random);
        var concentration = pools.Select(pool => Alpha * pools.Length * pool.Count / data.Rows.Count).ToArray();
        var shards = new int[devices][];
        for (var device = 0; device < devices; device++)
        {
            var mix = Mix(concentration, random);
            shards[device] = new int[Share(data.Rows.Count, devices, device)];
            foreach (ref var row in shards[device].AsSpan())
                row = pools[Draw(mix, pools, random)].Pop();
        }

        return shards;
    }

    /// <summary>The rows of each label in random order, labels sorted.</summary>
    private static Stack<int>[] Pools(IDataSet data, SeededRandom random)
    {
        var byLabel = new SortedDictionary<string, List<int>>(StringComparer.Ordinal);
        for (var row = 0; row < data.Rows.Count; row++)
        {
            var label = data.Rows[row].Label ?? throw new DataException($"{data.Source} has rows without labels, which the split dirichlet is made by; use iid or by:COLUMN with --split.");
            if (!byLabel.TryGetValue(label, out var rows))
                byLabel.Add(label, rows = []);
            rows.Add(row);
        }

        return [.. byLabel.Values.Select(rows =>
        {
            var shuffled = rows.ToArray();
            random.Shuffle(shuffled);
            return new Stack<int>(shuffled);
        })];
    }

    /// <summary>A Dirichlet draw: Gamma draws over their sum, in logarithms.</summary>
    private static double[] Mix(double[] concentration, SeededRandom random)
    {
        var logs = Array.ConvertAll(concentration, random.LogGamma);
        var highest = logs.Max();
        return Array.ConvertAll(logs, log => Math.Exp(log - highest));
    }

    private static int Draw(double[] mix, Stack<int>[] pools, SeededRandom random)
    {
        var total = Mass(mix, pools);
        if (total <= 0)
        {
            // Every label of this device's mix is used up: go on with what is left, in proportion.
            for (var label = 0; label < mix.Length; label++)
                mix[label] = pools[label].Count;
            total = Mass(mix, pools);
        }

        var at = random.Unit() * total;
        var last = -1;
        for (var label = 0; label < mix.Length; label++)
        {
            if (pools[label].Count == 0 || mix[label] <= 0)
                continue;
            last = label;
            at -= mix[label];
            if (at <= 0)
                break;
        }

        return last;
    }

    private static double Mass(double[] mix, Stack<int>[] pools)
    {
        var total = 0.0;
        for (var label = 0; label < mix.Length; label++)
            if (pools[label].Count > 0)
                total += mix[label];
        return total;
    }
}
