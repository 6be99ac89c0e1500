namespace FwdLLM.Inference;

/// <summary>Some examples of a batch that run together, padded to the longest.</summary>
/// <param name="Members">Positions in the caller's batch.</param>
/// <param name="Length">S, tokens after padding.</param>
/// <param name="Directions">Most directions in one run of it.</param>
internal sealed record MicroBatch(IReadOnlyList<int> Members, int Length, int Directions)
{
    /// <summary>
    /// Sorts by length (ties by position) and cuts so that (K + 1)·n·S stays within the budget. Where a single sequence is too
    /// long for all directions it runs alone with fewer. Depends on nothing but the arguments.
    /// </summary>
    public static IReadOnlyList<MicroBatch> Plan(IReadOnlyList<TokenSequence> batch, int directions, int maxRows)
    {
        var order = Enumerable.Range(0, batch.Count).OrderBy(index => batch[index].Length).ThenBy(index => index);
        var result = new List<MicroBatch>();
        var members = new List<int>();
        foreach (var index in order)
        {
            if (members.Count > 0 && (directions + 1L) * (members.Count + 1) * batch[index].Length > maxRows)
                Close();
            members.Add(index);
        }

        Close();
        return result;

        void Close()
        {
            var length = batch[members[^1]].Length;
            var fitting = directions == 0 ? 0 : (int)Math.Clamp(maxRows / ((long)members.Count * length) - 1, 1, directions);
            result.Add(new MicroBatch(members.ToArray(), length, fitting));
            members.Clear();
        }
    }
}
