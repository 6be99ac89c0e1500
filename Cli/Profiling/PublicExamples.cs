using System.Collections.Concurrent;
using FwdLLM.DeviceAgent.Data;
using FwdLLM.DeviceAgent.Work;
using FwdLLM.Inference;
using FwdLLM.Learning.Random;
using FwdLLM.Modeling.Tokenization;

namespace FwdLLM.Cli.Profiling;

/// <summary>Labelled public texts, tokenised, and their features under the unadapted model once these are known.</summary>
/// <param name="Examples">Texts and classes.</param>
/// <param name="Classes">C.</param>
/// <param name="Features">Features of each text, shared by all candidates.</param>
public sealed record PublicExamples(LocalExamples Examples, int Classes, ConcurrentDictionary<TokenSequence, float[]> Features)
{
    /// <summary>Most rows used; of a longer file as many are drawn. Enough for the head, and no file keeps the profile busy for hours.</summary>
    public const int MaxRows = 8192;

    /// <summary>Tokenises a data set's rows.</summary>
    /// <param name="data">Rows.</param>
    /// <param name="tokenizer">The model's.</param>
    /// <param name="maxTokens">Token limit per text.</param>
    /// <param name="seed">Seed of the draw from a longer file.</param>
    /// <exception cref="DataException">Fewer than two labels, or too many.</exception>
    public static PublicExamples Tokenise(DataSet<LabelledText> data, ITokenizer tokenizer, int maxTokens, ulong seed)
    {
        var labels = LabelIndex.FromTrain(data);
        var classes = labels.Encode(data);
        var rows = Enumerable.Range(0, classes.Length).ToArray();
        if (rows.Length > MaxRows)
        {
            rows = new CounterRandom(StreamKey.FromSeed(seed, "profile rows"), new DirectionAddress(0, 0, 0)).Sample(rows.Length, MaxRows);
            Array.Sort(rows);
        }

        var sequences = Array.ConvertAll(rows, row => new TokenSequence(tokenizer.Encode(data.Rows[row].Text, maxTokens)));
        return new PublicExamples(new LocalExamples(sequences, Array.ConvertAll(rows, row => classes[row])), labels.Labels.Count, StartFeatures.Store());
    }
}
