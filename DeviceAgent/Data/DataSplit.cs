using System.Globalization;

namespace FwdLLM.DeviceAgent.Data;

/// <summary>How the rows of one file are dealt to devices. Same rows, devices and seed: same shards.</summary>
public abstract record DataSplit
{
    private const string Forms = "give iid, dirichlet:ALPHA (for example dirichlet:0.5) or by:COLUMN (for example by:user)";

    /// <summary>Rows dealt at random in equal parts.</summary>
    public static DataSplit Iid { get; } = new IidSplit();

    /// <summary>The column this split needs in <see cref="IDataRow.Group"/>, or null.</summary>
    public virtual string? GroupColumn => null;

    /// <summary>Reads <c>iid</c>, <c>dirichlet:ALPHA</c> or <c>by:COLUMN</c>.</summary>
    /// <exception cref="DataException">None of these, or ALPHA is not a positive number.</exception>
    public static DataSplit Parse(string text)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        var (kind, argument) = colon < 0 ? (text, "") : (text[..colon], text[(colon + 1)..]);
        switch (kind)
        {
            case "iid" when colon < 0:
                return Iid;
            case "dirichlet":
                return double.TryParse(argument, NumberStyles.Float, CultureInfo.InvariantCulture, out var alpha) && alpha is >= DirichletSplit.MinAlpha and <= DirichletSplit.MaxAlpha
                    ? new DirichletSplit(alpha)
                    : throw new DataException(string.Create(CultureInfo.InvariantCulture, $"The split \"{text}\" needs a number from {DirichletSplit.MinAlpha} to {DirichletSplit.MaxAlpha} after the colon, for example dirichlet:0.5."));
            case "by":
                return argument.Length > 0 ? new ColumnSplit(argument) : throw new DataException($"The split \"{text}\" names no column; write by:COLUMN, for example by:user.");
            default:
                throw new DataException($"The split \"{text}\" is not known; {Forms}.");
        }
    }

    /// <summary>Row indices of every device, each in ascending order. Every row goes to exactly one device and every device gets at least one.</summary>
    /// <exception cref="DataException">More devices than rows, or no group column read.</exception>
    public int[][] Assign(IDataSet data, int devices, ulong seed)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(devices, 1);
        if (data.Rows.Count < devices)
            throw new DataException($"{data.Source} has {data.Rows.Count} rows for {devices} devices; every device needs at least one: use fewer with --devices.");
        var shards = Deal(data, devices, new SeededRandom(seed));
        foreach (var shard in shards)
            Array.Sort(shard);
        return shards;
    }

    private protected abstract int[][] Deal(IDataSet data, int devices, SeededRandom random);

    /// <summary>Number of rows device <paramref name="device"/> gets when <paramref name="rows"/> are dealt evenly.</summary>
    private protected static int Share(int rows, int devices, int device) => rows / devices + (device < rows % devices ? 1 : 0);

    /// <summary>Cuts a run of rows into even parts.</summary>
    private protected static IEnumerable<int[]> Cut(int[] rows, int parts)
    {
        for (int part = 0, start = 0; part < parts; part++)
        {
            var count = Share(rows.Length, parts, part);
            yield return rows[start..(start + count)];
            start += count;
        }
    }
}
