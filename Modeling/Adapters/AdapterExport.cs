using FwdLLM.Modeling.Architectures;
using FwdLLM.Modeling.Compilation;
using FwdLLM.Modeling.Peft;

namespace FwdLLM.Modeling.Adapters;

/// <summary>
/// Writes a trained adapter so that other programs, and <see cref="AdapterImport"/>, read it: LoRA and (IA)³ as PEFT saves them,
/// LoRA-XS as the LoRA it equals, the others under the model's own parameter names. Equal input gives equal bytes.
/// </summary>
public static class AdapterExport
{
    /// <summary>Writes adapter_config.json and adapter_model.safetensors; the folder is created if need be.</summary>
    /// <param name="folder">Target folder.</param>
    /// <param name="model">The compiled model that θ belongs to.</param>
    /// <param name="theta">θ [d].</param>
    /// <param name="heads">Layers saved whole, under their names in the model class; may be empty.</param>
    /// <param name="task">Task type, which decides the model class.</param>
    /// <param name="baseModel">Name or path of the base model, recorded for PEFT's loader.</param>
    /// <exception cref="ArgumentException">θ has another length than the layout, or a value is not finite.</exception>
    public static void Write(string folder, CompiledModel model, ReadOnlySpan<float> theta, IReadOnlyList<PeftHead> heads, PeftTask task, string baseModel)
    {
        if (theta.Length != model.Layout.Dimension)
            throw new ArgumentException($"θ has {theta.Length} values; this model's adapter has {model.Layout.Dimension}.", nameof(theta));
        var config = model.Manifest.Config;
        var plan = AdapterPlan.Create(model.Manifest.Adapter, config, model.Manifest.Pooling, new CompiledVectors(model));
        if (plan.Adapter.Parameters.Any(parameter => parameter.SavedAs is null))
        {
            var matrices = model.ToLora(theta).Select(module => new LoraMatrices(PeftExporter.ModuleName(config, task, module.Module), module.Rank, module.Scaling, module.A, module.B, module.Out, module.In));
            PeftExporter.Write(folder, [.. matrices], heads, task, baseModel);
            return;
        }

        var values = new List<float[]>();
        foreach (var (parameter, block) in plan.Adapter.Parameters.Zip(plan.Layout.Blocks))
        {
            var saved = theta.Slice(block.Offset, block.Length).ToArray();
            if (parameter.Origin?.Invoke() is { } origin)
                for (var index = 0; index < saved.Length; index++)
                    saved[index] += origin[index];
            values.Add(saved);
        }

        Write(folder, plan, config, values, heads, task, baseModel);
    }

    /// <summary>Writes tensors as they are to be saved, one per parameter.</summary>
    internal static void Write(string folder, AdapterPlan plan, ModelConfig config, IReadOnlyList<float[]> values, IReadOnlyList<PeftHead> heads, PeftTask task, string baseModel)
    {
        var kind = AdapterKinds.Get(plan.Spec.Kind);
        var saved = new SavedAdapter(plan.Spec, plan.Adapter.Parameters, name => PeftExporter.ModuleName(config, task, name), heads, task, baseModel);
        var tensors = saved.Parameters.Zip(values, (parameter, value) => (saved.FullName(parameter.SavedAs!), parameter.Shape, value));
        PeftExporter.Write(folder, kind.KeyPrefix, tensors, heads, json => kind.WriteConfig(json, saved));
    }
}
