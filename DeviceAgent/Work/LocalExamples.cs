using FwdLLM.Inference;

namespace FwdLLM.DeviceAgent.Work;

/// <summary>A device's private examples, tokenised. They never leave the process.</summary>
public sealed class LocalExamples
{
    /// <summary>Creates a shard.</summary>
    /// <exception cref="ArgumentException">No example, or numbers of texts and labels differ.</exception>
    public LocalExamples(IReadOnlyList<TokenSequence> sequences, IReadOnlyList<int> labels)
    {
        if (sequences.Count == 0) throw new ArgumentException("The device has no example; give it at least one.", nameof(sequences));
        if (sequences.Count != labels.Count) throw new ArgumentException($"{sequences.Count} texts but {labels.Count} labels; each text needs one.", nameof(labels));
        Sequences = sequences;
        Labels = labels;
    }

    /// <summary>Token ids.</summary>
    public IReadOnlyList<TokenSequence> Sequences { get; }

    /// <summary>Class indices.</summary>
    public IReadOnlyList<int> Labels { get; }

    /// <summary>Number of examples.</summary>
    public int Count => Sequences.Count;

    /// <summary>The examples at some positions, in that order.</summary>
    public LocalExamples At(int[] positions) => new([.. positions.Select(i => Sequences[i])], [.. positions.Select(i => Labels[i])]);
}
