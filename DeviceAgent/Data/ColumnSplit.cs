namespace FwdLLM.DeviceAgent.Data;

/// <summary>
/// Rows with the same value in a column stay together. As many groups as devices: one group each. Otherwise, from the
/// largest down, a group bigger than an even share of what is left gets a run of devices of its own, as many as its size
/// calls for; the others are packed whole, largest first, onto the device that has least.
/// </summary>
/// <param name="Column">The column.</param>
internal sealed record ColumnSplit(string Column) : DataSplit
{
    public override string? GroupColumn => Column;

    public override string ToString() => $"by:{Column}";

    private protected override int[][] Deal(IDataSet data, int devices, SeededRandom random)
    {
        var groups = Groups(data);
        if (groups.Count == devices)
            return [.. groups];

        var shards = new List<int[]>(devices);
        var rowsLeft = data.Rows.Count;
        while (groups.TryPeek(out var rows) && (long)rows.Length * (devices - shards.Count) >= rowsLeft)
        {
            groups.Dequeue();
            var devicesLeft = devices - shards.Count;
            // Rounded to whole devices; at least one, and one kept for the groups that follow (more than one is left then).
            var wanted = (int)((2L * rows.Length * devicesLeft + rowsLeft) / (2L * rowsLeft));
            var count = Math.Clamp(wanted, 1, groups.Count > 0 ? devicesLeft - 1 : devicesLeft);
            random.Shuffle(rows);
            shards.AddRange(Cut(rows, count));
            rowsLeft -= rows.Length;
        }

        shards.AddRange(Pack(groups, devices - shards.Count));
        return [.. shards];
    }

    /// <summary>The groups, largest first, equal sizes by name.</summary>
    private Queue<int[]> Groups(IDataSet data)
    {
        var byName = new SortedDictionary<string, List<int>>(StringComparer.Ordinal);
        for (var row = 0; row < data.Rows.Count; row++)
        {
            var name = data.Rows[row].Group ?? throw new DataException($"{data.Source} was read without the column \"{Column}\" that the split {this} needs; set DataReadOptions.GroupColumn.");
            if (!byName.TryGetValue(name, out var rows))
                byName.Add(name, rows = []);
            rows.Add(row);
        }

        return new Queue<int[]>(byName.Values.Select(rows => rows.ToArray()).OrderByDescending(rows => rows.Length));
    }

    private static IEnumerable<int[]> Pack(Queue<int[]> groups, int devices)
    {
        var bins = Enumerable.Range(0, devices).Select(_ => new List<int>()).ToArray();
        var smallest = new PriorityQueue<int, (int Rows, int Device)>(bins.Select((_, device) => (device, (0, device))));
        foreach (var rows in groups)
        {
            var device = smallest.Dequeue();
            bins[device].AddRange(rows);
            smallest.Enqueue(device, (bins[device].Count, device));
        }

        return bins.Select(bin => bin.ToArray());
    }
}
