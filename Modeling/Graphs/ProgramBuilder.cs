using FwdLLM.Modeling.Adapters;
using FwdLLM.Modeling.Architectures;
using FwdLLM.Modeling.Graphs.Steps;
using FwdLLM.Modeling.Precision;

namespace FwdLLM.Modeling.Graphs;

/// <summary>
/// The vocabulary in which an architecture writes its layers. Every part an adapter can take hold of goes through here, so an
/// architecture never mentions adapters and an adapter never mentions architectures. Values are indices into the program.
/// </summary>
/// <param name="config">Sizes.</param>
/// <param name="precision">How each linear weight is stored.</param>
/// <param name="adapter">What is trained; <see cref="Adapter.None"/> in the frozen prefix.</param>
internal sealed class ProgramBuilder(ModelConfig config, PrecisionPlan precision, Adapter adapter)
{
    public EncoderProgram Program { get; } = new();

    public ModelConfig Config => config;

    /// <summary>A step of its own.</summary>
    public int Add(Step step) => Program.Add(step);

    /// <summary>y = x·Wᵀ + b with what the adapter does to it. Calls with one module share its weight and its adapter.</summary>
    public int Linear(int x, string module, bool hasBias = true)
    {
        var input = adapter.BeforeLinear(this, x, module);
        var y = Add(new LinearStep(input, precision.Weight(module + ".weight"), hasBias ? module + ".bias" : null, adapter.AdditionTo(module)));
        return adapter.AfterLinear(this, y, module);
    }

    /// <summary>The activation that config.json names.</summary>
    public int Activation(int x) => Add(Activations.Create(config.HiddenActivation, x));

    /// <summary>Layer normalisation with what the adapter adds to its bias.</summary>
    public int LayerNorm(int x, string module) => AfterNorm(Add(new LayerNormStep(x, module, (float)config.NormEpsilon)), module);

    /// <summary>Root mean square normalisation with what the adapter adds to it.</summary>
    public int RmsNorm(int x, string module) => AfterNorm(Add(new RmsNormStep(x, module, (float)config.NormEpsilon)), module);

    /// <summary>A norm's output, computed elsewhere, with what the adapter adds to the norm's bias.</summary>
    public int AfterNorm(int x, string module) => adapter.AfterNorm(this, x, module);

    /// <summary>The end of a post-norm sublayer, y = norm(update + residual), with what the adapter inserts.</summary>
    public int ResidualNorm(int update, int residual, string insertion, string norm) =>
        adapter.AfterResidual(this, LayerNorm(Join(update, residual, insertion, sum => LayerNorm(sum, norm)), norm), insertion);

    /// <summary>The end of a pre-norm sublayer, y = update + residual, with what the adapter inserts.</summary>
    public int Residual(int update, int residual, string insertion) => adapter.AfterResidual(this, Join(update, residual, insertion, norm: null), insertion);

    private int Join(int update, int residual, string insertion, Func<int, int>? norm) =>
        Add(new AddStep(adapter.BeforeResidual(this, update, residual, insertion, norm), residual));
}
