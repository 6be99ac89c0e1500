using FwdLLM.Inference;
using FwdLLM.Learning.Tasks;

namespace FwdLLM.DeviceAgent.Work;

/// <summary>A device's private examples, tokenised. They never leave the process.</summary>
public sealed class LocalExamples
{
    /// <summary>Creates a shard of classified texts.</summary>
    /// <exception cref="ArgumentException">No example, or numbers of texts and labels differ.</exception>
    public LocalExamples(IReadOnlyList<TokenSequence> sequences, IReadOnlyList<int> labels)
        : this(sequences, [.. labels.Select(label => new ClassTarget(label))])
    {
    }

    /// <summary>Creates a shard.</summary>
    /// <exception cref="ArgumentException">No example, or numbers of texts and targets differ.</exception>
    public LocalExamples(IReadOnlyList<TokenSequence> sequences, IReadOnlyList<ExampleTarget> targets)
    {
        if (sequences.Count == 0) throw new ArgumentException("The device has no example; give it at least one.", nameof(sequences));
        if (sequences.Count != targets.Count) throw new ArgumentException($"{sequences.Count} texts but {targets.Count} labels; each text needs one.", nameof(targets));
        Sequences = sequences;
        Targets = targets;
    }

    /// <summary>Token ids.</summary>
    public IReadOnlyList<TokenSequence> Sequences { get; }

    /// <summary>What each is to give; all of one kind.</summary>
    public IReadOnlyList<ExampleTarget> Targets { get; }

    /// <summary>Number of examples.</summary>
    public int Count => Sequences.Count;

    /// <summary>The examples at some positions, in that order.</summary>
    public LocalExamples At(int[] positions) => new([.. positions.Select(i => Sequences[i])], [.. positions.Select(i => Targets[i])]);

    /// <summary>Class indices of classified texts [n].</summary>
    /// <exception cref="ArgumentException">The targets are of another kind.</exception>
    public int[] Classes() => Array.ConvertAll(TargetsAs<ClassTarget>(), target => target.Class);

    /// <summary>Tokens of each example [n].</summary>
    internal int[] Lengths() => [.. Sequences.Select(sequence => sequence.Length)];

    /// <summary>The targets as what a task's head takes [n].</summary>
    /// <exception cref="ArgumentException">They are of another kind.</exception>
    internal TTarget[] TargetsAs<TTarget>()
        where TTarget : ExampleTarget
        => [.. Targets.Select(target => target as TTarget ?? throw new ArgumentException($"An example has a {target.GetType().Name}, but the job's task takes a {typeof(TTarget).Name}; read the data for this task."))];
}
