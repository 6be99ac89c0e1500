namespace FwdLLM.DeviceAgent.Data;

/// <summary>The labels of a task in class order (ordinal), and the class of each.</summary>
public sealed class LabelIndex
{
    /// <summary>Most classes; more means that the label column holds text.</summary>
    public const int MaxLabels = 4096;

    private const int NamedInMessages = 10;

    private readonly Dictionary<string, int> _classes;

    /// <summary>Takes labels in class order, as a job names them.</summary>
    /// <exception cref="DataException">Fewer than two, too many, or one twice.</exception>
    public LabelIndex(IReadOnlyList<string> labels)
    {
        if (labels.Count < 2)
            throw new DataException(labels.Count == 0 ? "There are no labels; a classifier needs at least 2." : $"Every row has the label \"{labels[0]}\"; a classifier needs at least 2 labels.");
        if (labels.Count > MaxLabels)
            throw new DataException($"There are {labels.Count:N0} different labels, and {MaxLabels:N0} is the limit; is the right column named with --label-column?");
        _classes = new Dictionary<string, int>(labels.Count, StringComparer.Ordinal);
        for (var i = 0; i < labels.Count; i++)
            if (!_classes.TryAdd(labels[i], i))
                throw new DataException($"The label \"{labels[i]}\" is listed twice; list each once.");
        Labels = labels;
    }

    /// <summary>Labels in class order.</summary>
    public IReadOnlyList<string> Labels { get; }

    /// <summary>The distinct labels of the training rows, sorted by code unit so that every machine agrees.</summary>
    /// <exception cref="DataException">Fewer than two labels, or too many.</exception>
    public static LabelIndex FromTrain(DataSet<LabelledText> train)
    {
        var labels = train.Rows.Select(row => row.Label).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToArray();
        try
        {
            return new LabelIndex(labels);
        }
        catch (DataException e)
        {
            throw new DataException($"{train.Source}: {e.Message}", e);
        }
    }

    /// <summary>Class of every row.</summary>
    /// <exception cref="DataException">Names the labels that are not in this index.</exception>
    public int[] Encode(DataSet<LabelledText> data)
    {
        var classes = new int[data.Rows.Count];
        var unknown = new SortedDictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < classes.Length; i++)
        {
            var label = data.Rows[i].Label;
            if (!_classes.TryGetValue(label, out classes[i]))
                unknown[label] = unknown.GetValueOrDefault(label) + 1;
        }

        if (unknown.Count == 0)
            return classes;
        var named = string.Join(", ", unknown.Take(NamedInMessages).Select(u => $"\"{u.Key}\" ({u.Value} {(u.Value == 1 ? "row" : "rows")})"));
        var more = unknown.Count > NamedInMessages ? $" and {unknown.Count - NamedInMessages} more" : "";
        throw new DataException($"{data.Source} has labels that are not in the training data: {named}{more}. The training labels are {string.Join(", ", Labels.Take(NamedInMessages).Select(l => $"\"{l}\""))}{(Labels.Count > NamedInMessages ? ", …" : "")}.");
    }
}
