namespace FwdLLM.DeviceAgent.Data;

/// <summary>Which columns hold what, what to do with bad rows, and how much a file may ask of this machine.</summary>
public sealed record DataReadOptions
{
    /// <summary>Column (CSV) or key (JSON) of the text.</summary>
    /// <value>Default: <c>text</c>.</value>
    public string TextColumn { get; init; } = "text";

    /// <summary>Column or key of the label.</summary>
    /// <value>Default: <c>label</c>.</value>
    public string LabelColumn { get; init; } = "label";

    /// <summary>Column or key whose value goes to <see cref="IDataRow.Group"/>; null for none.</summary>
    public string? GroupColumn { get; init; }

    /// <summary>Skip and count bad rows instead of refusing the file.</summary>
    public bool SkipBadRows { get; init; }

    /// <summary>Longest line (JSON) or field (CSV) in bytes.</summary>
    /// <value>Default: 1 MB.</value>
    /// <remarks>A text for a classifier is a few kilobytes; a longer line is another format or a file without line breaks.</remarks>
    public int MaxLineBytes { get; init; } = 1 << 20;

    /// <summary>Most rows in a file.</summary>
    /// <value>Default: 5,000,000.</value>
    public int MaxRows { get; init; } = 5_000_000;

    /// <summary>Most bytes of a file once decompressed.</summary>
    /// <value>Default: 2 GiB.</value>
    /// <remarks>Gzip can unfold a megabyte into a gigabyte; rows are held in memory.</remarks>
    public long MaxBytes { get; init; } = 2L << 30;
}
