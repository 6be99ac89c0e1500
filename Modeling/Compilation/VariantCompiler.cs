using FwdLLM.Modeling.Adapters;
using FwdLLM.Modeling.Precision;

namespace FwdLLM.Modeling.Compilation;

/// <summary>One model with one adapter, compiled in any number of precisions. What no precision changes, above all LoRA-XS's decompositions, is computed once.</summary>
/// <param name="source">Model.</param>
/// <param name="spec">Adapter.</param>
/// <exception cref="ArgumentException">The specification does not fit the model.</exception>
public sealed class VariantCompiler(ModelSource source, AdapterSpec spec)
{
    private readonly AdapterPlan _plan = AdapterPlan.Create(spec, source.Config, source.Pooling, source.Tensors);

    /// <summary>The model.</summary>
    public ModelSource Source => source;

    /// <summary>Compiles into a folder that must not exist yet.</summary>
    /// <param name="precision">In which format, and what stays in float32.</param>
    /// <param name="folder">Target.</param>
    /// <param name="withVjp">Add the reverse-mode graph.</param>
    /// <exception cref="ArgumentException">The precision does not fit the model.</exception>
    public CompiledModel Compile(PrecisionSpec precision, string folder, bool withVjp) =>
        ModelCompiler.Compile(source, _plan, PrecisionPlan.Create(precision, source.Config, source.Pooling), folder, withVjp);

    /// <summary>Modules of the linear layers that this precision does not leave in float32, in the model's order.</summary>
    /// <exception cref="ArgumentException">The precision does not fit the model.</exception>
    public IReadOnlyList<string> Quantized(PrecisionSpec precision) => PrecisionPlan.Create(precision, source.Config, source.Pooling).Quantized;
}
