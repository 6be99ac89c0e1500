using FwdLLM.Grains;
using FwdLLM.Grains.Interfaces;
using FwdLLM.Inference;
using FwdLLM.Learning.Training;

namespace FwdLLM.Silo;

/// <summary>Evaluates on tokenised examples in memory: features from the compiled model, head and loss here. Thread-safe.</summary>
public sealed class HeldOutEvaluator : IModelEvaluator
{
    /// <summary>Sequences and tokens per call of the runtime: they bound the memory of features, and are how often a cancellation is looked at.</summary>
    private const int BlockSize = 256, BlockTokens = 16_384;

    private readonly IModelRuntime _runtime;
    private readonly HeldOutSet _set;

    /// <summary>Takes texts with classes; the runtime stays the caller's to dispose.</summary>
    /// <exception cref="ArgumentException">No texts, or not one label per text.</exception>
    public HeldOutEvaluator(IModelRuntime runtime, IReadOnlyList<TokenSequence> texts, IReadOnlyList<int> labels)
        : this(runtime, new HeldOutTexts(texts, labels))
    {
    }

    /// <summary>Takes the held-out set of any task; the runtime stays the caller's to dispose.</summary>
    public HeldOutEvaluator(IModelRuntime runtime, HeldOutSet set) => (_runtime, _set) = (runtime, set);

    /// <inheritdoc/>
    public Task<EvaluationResult> EvaluateAsync(JobSpec spec, byte[] snapshot, CancellationToken cancellation) =>
        Task.Run(() => Evaluate(spec, ModelSnapshot.FromBytes(snapshot), cancellation), cancellation);

    private EvaluationResult Evaluate(JobSpec spec, ModelSnapshot model, CancellationToken cancellation)
    {
        var score = _set.Begin(spec, model);
        var sequences = _set.Sequences;
        for (var start = 0; start < sequences.Count;)
        {
            var (count, tokens) = (0, 0);
            while (count < BlockSize && start + count < sequences.Count && (count == 0 || tokens + sequences[start + count].Length <= BlockTokens))
                tokens += sequences[start + count++].Length;
            score.Add(start, count, _runtime.Features([.. sequences.Skip(start).Take(count)], model.Theta, cancellation));
            start += count;
        }

        return score.Result();
    }
}
