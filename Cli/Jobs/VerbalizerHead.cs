using FwdLLM.Cli.Settings;
using FwdLLM.Inference;
using FwdLLM.Learning.Tasks;
using FwdLLM.Modeling.Architectures;
using FwdLLM.Modeling.Checkpoints;

namespace FwdLLM.Cli.Jobs;

/// <summary>The first head of prompt classification: the output layer's rows of the words' first tokens.</summary>
internal static class VerbalizerHead
{
    /// <summary>Weights [C, H] in the order of the labels, and biases of zero [C]; empty for other tasks.</summary>
    /// <param name="settings">Template and words.</param>
    /// <param name="labels">Labels of the data in class order.</param>
    /// <exception cref="InputException">The words are not those of the labels, two begin with the same token, or the model is none that goes on with text.</exception>
    public static float[] Read(RunSettings settings, IReadOnlyList<string> labels)
    {
        if (settings.Task != TaskKind.PromptClassification)
            return [];
        var words = settings.Verbalizers.Select(verbalizer => verbalizer.Label).ToArray();
        if (!words.SequenceEqual(labels))
            throw new InputException($"--verbalizers has words for {string.Join(", ", words.Take(10))}, but the labels of the data are {string.Join(", ", labels.Take(10))}; give one word for each label.");
        using var checkpoint = Checkpoint.Open(settings.Model);
        var name = KnownArchitectures.OutputWeight(checkpoint.Config)
            ?? throw new InputException($"the model is of the architecture {checkpoint.Config.Architecture}, which does not go on with text; the task prompt needs a causal language model.");
        var prompt = new PromptTemplate(settings.PromptTemplate, checkpoint.LoadTokenizer());
        var tokens = settings.Verbalizers.Select(verbalizer => prompt.FirstToken(verbalizer.Word)).ToArray();
        foreach (var same in settings.Verbalizers.Zip(tokens).GroupBy(pair => pair.Second).Where(group => group.Count() > 1))
            throw new InputException($"--verbalizers: the words {string.Join(" and ", same.Select(pair => pair.First.Word))} begin with the same token; choose words that differ there.");
        var weights = checkpoint.ReadFloat32(name); // [V, H]
        var width = checkpoint.Config.HiddenSize;
        return [.. tokens.SelectMany(token => weights.AsSpan(token * width, width).ToArray()), .. new float[tokens.Length]];
    }
}
