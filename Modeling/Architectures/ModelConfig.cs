using System.Globalization;
using System.Text;

namespace FwdLLM.Modeling.Architectures;

/// <summary>The sizes of a transformer of any supported architecture. An instance that came from a checkpoint has passed its architecture's checks.</summary>
/// <param name="Architecture">Name of the architecture, config.json's <c>model_type</c>: one of <see cref="KnownArchitectures.Names"/>.</param>
/// <param name="HiddenSize">H, the width of the hidden states.</param>
/// <param name="Layers">Number of blocks.</param>
/// <param name="Heads">Attention heads per block.</param>
/// <param name="IntermediateSize">Width of the feed-forward layer.</param>
/// <param name="VocabularySize">Rows of the word embedding.</param>
/// <param name="MaxPositions">Longest sequence, in tokens.</param>
/// <param name="TypeVocabularySize">Rows of the segment embedding; 0 where there is none.</param>
/// <param name="NormEpsilon">ε added to the variance (or mean square) in normalisation.</param>
/// <param name="HiddenActivation">Name of the feed-forward activation; <c>gelu</c> is x·Φ(x) with the exact error function.</param>
public sealed record ModelConfig(
    string Architecture,
    int HiddenSize,
    int Layers,
    int Heads,
    int IntermediateSize,
    int VocabularySize,
    int MaxPositions,
    int TypeVocabularySize,
    double NormEpsilon,
    string HiddenActivation)
{
    /// <summary>Width of the embeddings; H unless the architecture projects them to H.</summary>
    public int EmbeddingSize { get; init; } = HiddenSize;

    /// <summary>Heads of keys and values; fewer than <see cref="Heads"/> where several queries share one.</summary>
    public int KeyValueHeads { get; init; } = Heads;

    /// <summary>Width of one head.</summary>
    public int HeadSize { get; init; } = HiddenSize / Math.Max(Heads, 1);

    /// <summary>Id of the padding token, where positions or pooling depend on it.</summary>
    public int? PadTokenId { get; init; }

    /// <summary>Rotary positions, or null where positions are embedded.</summary>
    public RotaryConfig? Rotary { get; init; }

    /// <summary>Whether the output layer is the word embedding; null where there is no output layer.</summary>
    public bool? TiedOutput { get; init; }

    /// <summary>The fields as one line that is the same on every machine: what the checkpoint's hash covers. What has its usual value is left out.</summary>
    internal string Canonical
    {
        get
        {
            var text = new StringBuilder();
            Append($"{Architecture} {HiddenSize} {Layers} {Heads} {IntermediateSize} {VocabularySize} {MaxPositions} {TypeVocabularySize} {NormEpsilon:R} {HiddenActivation}");
            if (EmbeddingSize != HiddenSize)
                Append($" embedding {EmbeddingSize}");
            if (KeyValueHeads != Heads)
                Append($" key-value {KeyValueHeads}");
            if (HeadSize * Heads != HiddenSize)
                Append($" head {HeadSize}");
            if (PadTokenId is { } padding)
                Append($" pad {padding}");
            if (Rotary is { } rotary)
                Append($" rotary {rotary.Canonical}");
            if (TiedOutput is { } tied)
                Append($" tied {tied}");
            return text.ToString();

            void Append(FormattableString part) => text.Append(part.ToString(CultureInfo.InvariantCulture));
        }
    }
}
