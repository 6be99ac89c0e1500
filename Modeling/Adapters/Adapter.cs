using FwdLLM.Learning;
using FwdLLM.Modeling.Graphs;
using FwdLLM.Modeling.Onnx;

namespace FwdLLM.Modeling.Adapters;

/// <summary>
/// An adapter laid over one model. <see cref="ProgramBuilder"/> calls it at every place as the architecture writes its blocks;
/// by default it leaves the value as it is. A hook appends steps and returns the index of its result. Places whose blocks share
/// weights come by several times under one name.
/// </summary>
internal abstract class Adapter
{
    /// <summary>Nothing is adapted.</summary>
    public static Adapter None { get; } = new NoAdapter();

    /// <summary>The blocks of θ, in order.</summary>
    public abstract IReadOnlyList<AdapterParameter> Parameters { get; }

    /// <summary>What is added to a linear layer's product, or null.</summary>
    public virtual LinearAddition? AdditionTo(string module) => null;

    /// <summary>Before a linear layer, [rows, in].</summary>
    public virtual int BeforeLinear(ProgramBuilder program, int x, string module) => x;

    /// <summary>After a linear layer and its bias, [rows, out].</summary>
    public virtual int AfterLinear(ProgramBuilder program, int y, string module) => y;

    /// <summary>After a norm; adding here is adding to its bias.</summary>
    public virtual int AfterNorm(ProgramBuilder program, int y, string module) => y;

    /// <summary>At an insertion point, before the sublayer's result joins the residual.</summary>
    /// <param name="program">Program to append to.</param>
    /// <param name="update">The sublayer's result, [rows, H].</param>
    /// <param name="residual">The sublayer's input, [rows, H].</param>
    /// <param name="insertion">Name of the place.</param>
    /// <param name="norm">Applies the norm that follows the residual, with its adapter; null where none does.</param>
    public virtual int BeforeResidual(ProgramBuilder program, int update, int residual, string insertion, Func<int, int>? norm) => update;

    /// <summary>At an insertion point, after the residual and its norm.</summary>
    public virtual int AfterResidual(ProgramBuilder program, int y, string insertion) => y;

    /// <summary>Writes the frozen tensors that the rules read, if any.</summary>
    /// <param name="graphWeights">For the graphs.</param>
    /// <param name="exportFactors">For <see cref="ToLora"/>.</param>
    public virtual void WriteFrozen(WeightFile graphWeights, WeightFile exportFactors)
    {
    }

    /// <summary>The adapter in LoRA's form, one entry per adapted layer.</summary>
    /// <param name="theta">θ [d].</param>
    /// <param name="layout">Layout of θ.</param>
    /// <param name="frozen">Reads a tensor that <see cref="WriteFrozen"/> wrote to the export file.</param>
    /// <exception cref="NotSupportedException">It has no such form.</exception>
    public virtual IReadOnlyList<LoraModule> ToLora(ReadOnlySpan<float> theta, AdapterLayout layout, Func<string, float[]> frozen) =>
        throw new NotSupportedException($"An adapter with the parameters {string.Join(", ", Parameters.Take(3).Select(parameter => parameter.Name))}… is no low-rank addition to linear layers; it has no LoRA form.");

    private sealed class NoAdapter : Adapter
    {
        public override IReadOnlyList<AdapterParameter> Parameters => [];
    }
}
