namespace FwdLLM.Modeling.Tokenization;

/// <summary>A special token that a frame adds, with its segment id.</summary>
internal readonly record struct FrameToken(int Id, int Type);

/// <summary>
/// The special tokens round texts: Start text End, or Start first Middle second End. The first text has segment id 0.
/// <paramref name="SecondType"/> is the segment id of the second.
/// </summary>
internal sealed record SequenceFrame(FrameToken[] Start, FrameToken[] Middle, FrameToken[] End, int SecondType)
{
    /// <summary>Nothing is added; the second text still has segment id 1, as in the reference.</summary>
    public static readonly SequenceFrame None = new([], [], [], 1);

    /// <summary>[CLS] first [SEP] second [SEP], as BERT, DistilBERT and ALBERT have it.</summary>
    public static SequenceFrame Bert(int classId, int separatorId) =>
        new([new(classId, 0)], [new(separatorId, 0)], [new(separatorId, 1)], 1);

    /// <summary>&lt;s&gt; first &lt;/s&gt;&lt;/s&gt; second &lt;/s&gt;, all of segment 0.</summary>
    public static SequenceFrame Roberta(int startId, int endId) =>
        new([new(startId, 0)], [new(endId, 0), new(endId, 0)], [new(endId, 0)], 0);

    /// <summary>Each text between the ids given, all of segment 0.</summary>
    public static SequenceFrame Each(int? startId, int? endId)
    {
        FrameToken[] start = startId is { } first ? [new(first, 0)] : [];
        FrameToken[] end = endId is { } last ? [new(last, 0)] : [];
        return new SequenceFrame(start, [.. end, .. start], end, 0);
    }

    public int AddedToOne => Start.Length + End.Length;

    public int AddedToPair => Start.Length + Middle.Length + End.Length;

    public EncodedText Enclose(TokenRun run) => new(
        [.. Ids(Start), .. run.Ids, .. Ids(End)],
        [.. Places(Start), .. run.Offsets, .. Places(End)]);

    public EncodedPair Enclose(TokenRun first, TokenRun second) => new(
        [.. Ids(Start), .. first.Ids, .. Ids(Middle), .. second.Ids, .. Ids(End)],
        [.. Types(Start), .. Enumerable.Repeat(0, first.Ids.Count), .. Types(Middle), .. Enumerable.Repeat(SecondType, second.Ids.Count), .. Types(End)],
        [.. Places(Start), .. first.Offsets, .. Places(Middle), .. second.Offsets, .. Places(End)]);

    private static IEnumerable<int> Ids(FrameToken[] tokens) => tokens.Select(token => token.Id);

    private static IEnumerable<int> Types(FrameToken[] tokens) => tokens.Select(token => token.Type);

    private static IEnumerable<(int, int)> Places(FrameToken[] tokens) => Enumerable.Repeat((0, 0), tokens.Length);
}
