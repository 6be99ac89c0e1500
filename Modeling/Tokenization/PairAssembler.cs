namespace FwdLLM.Modeling.Tokenization;

/// <summary>Puts two tokenised texts into one sequence.</summary>
internal static class PairAssembler
{
    /// <summary>[CLS] and two [SEP].</summary>
    public const int Added = 3;

    /// <summary>How many tokens of each text stay when both together may have <paramref name="room"/>: the longer text loses first.</summary>
    public static (int First, int Second) LongestFirst(int first, int second, int room)
    {
        if (first + (long)second <= room)
            return (first, second);
        // Cutting to half each would waste room where the shorter text is below half.
        var shorter = Math.Min(Math.Min(first, second), room / 2);
        return first <= second ? (shorter, room - shorter) : (room - shorter, shorter);
    }

    public static EncodedPair Assemble(WordPieceVocabulary vocabulary, TokenRun first, int firstCount, TokenRun second, int secondStart, int secondCount)
    {
        var (a, b) = (first.Slice(0, firstCount), second.Slice(secondStart, secondCount));
        int[] ids = [vocabulary.ClassId, .. a.Ids, vocabulary.SeparatorId, .. b.Ids, vocabulary.SeparatorId];
        var types = new int[ids.Length];
        types.AsSpan(a.Ids.Count + 2).Fill(1);
        return new EncodedPair(ids, types, [(0, 0), .. a.Offsets, (0, 0), .. b.Offsets, (0, 0)]);
    }
}
