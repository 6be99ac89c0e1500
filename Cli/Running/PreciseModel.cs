using FwdLLM.Cli.Settings;
using FwdLLM.Inference;
using FwdLLM.Inference.Admission;
using FwdLLM.Modeling.Adapters;
using FwdLLM.Modeling.Compilation;
using FwdLLM.Modeling.Precision;
using FwdLLM.Modeling.Tokenization;

namespace FwdLLM.Cli.Running;

/// <summary>Compiles a checkpoint in a precision; a quantised one is tested on texts of the task first.</summary>
internal static class PreciseModel
{
    /// <summary>Texts of the test. More would steady the figure less than they cost.</summary>
    private const int TestTexts = 16;

    private const int TestTokens = 64;

    /// <exception cref="InputException">Adapter or precision do not fit the model, there are no texts to test with, or the model is refused.</exception>
    public static CompiledModel Compile(ModelSource source, Func<ITokenizer> tokenizer, AdapterSpec adapter, PrecisionSpec precision, string folder, bool withVjp, Func<IEnumerable<string>> texts, int threads, Action<string> report, CancellationToken cancellation = default)
    {
        try
        {
            return ModelAdmission.Create(source, adapter, precision, folder, withVjp, () => Choose(tokenizer(), source.Config.MaxPositions, [.. texts()]), new AdmissionOptions { Threads = threads }, report, cancellation);
        }
        catch (InferenceException e)
        {
            throw new InputException(e.Message);
        }
        catch (ArgumentException e)
        {
            var what = precision.Format == WeightFormats.Float32 && precision.KeepFloat.Count == 0 ? "" : $" or the precision {PrecisionOption.Format(precision)}";
            throw new InputException($"the adapter {AdapterOption.Format(adapter)}{what} does not fit the model: {e.Message}");
        }
    }

    /// <summary>Texts from all over a file, which may be sorted by class.</summary>
    private static TokenSequence[] Choose(ITokenizer tokenizer, int maxPositions, IReadOnlyList<string> texts)
    {
        if (texts.Count < 2)
            throw new InputException($"{texts.Count} texts are not enough to test a quantised model; give at least two, better {TestTexts}.");
        var count = Math.Min(TestTexts, texts.Count);
        var most = Math.Min(TestTokens, maxPositions);
        return [.. Enumerable.Range(0, count).Select(index => new TokenSequence(tokenizer.Encode(texts[(int)((long)index * texts.Count / count)], most)))];
    }
}
