using FwdLLM.Modeling.Peft;

namespace FwdLLM.Modeling.Adapters;

/// <summary>What adapter_config.json is written from.</summary>
/// <param name="Spec">The specification, laid over a model.</param>
/// <param name="Parameters">The blocks of θ.</param>
/// <param name="FullName">The name of a module in the task's model class, from its canonical one.</param>
/// <param name="Heads">Layers saved whole.</param>
/// <param name="Task">The task.</param>
/// <param name="BaseModel">Name or path of the base model.</param>
internal sealed record SavedAdapter(
    AdapterSpec Spec, IReadOnlyList<AdapterParameter> Parameters, Func<string, string> FullName, IReadOnlyList<PeftHead> Heads, PeftTask Task, string BaseModel)
{
    /// <summary>Full names of the modules that have a saved tensor with this ending.</summary>
    public IEnumerable<string> Modules(string suffix) => Parameters
        .Where(parameter => parameter.SavedAs!.EndsWith(suffix, StringComparison.Ordinal))
        .Select(parameter => FullName(parameter.SavedAs![..^suffix.Length]));
}
