namespace FwdLLM.Modeling.Architectures;

/// <summary>A linear layer by its canonical name. <paramref name="Out"/> is <see cref="AnySize"/> where the checkpoint decides, as for a classifier.</summary>
internal sealed record LinearShape(string Module, int Out, int In, bool HasBias = true)
{
    public const int AnySize = -1;
}
