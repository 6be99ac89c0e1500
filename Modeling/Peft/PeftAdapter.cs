using FwdLLM.Modeling.Checkpoints;

namespace FwdLLM.Modeling.Peft;

/// <summary>A LoRA adapter as Hugging Face PEFT saves it. Keys of the configuration that are not known are ignored; settings that would change the mathematics are refused.</summary>
/// <param name="Matrices">One per adapted layer, by name.</param>
/// <param name="Heads">Layers saved whole, by name.</param>
/// <param name="TaskType">PEFT's task type, or null.</param>
/// <param name="BaseModel">Name or path of the base model, or null.</param>
public sealed record PeftAdapter(IReadOnlyList<LoraMatrices> Matrices, IReadOnlyList<PeftHead> Heads, string? TaskType, string? BaseModel)
{
    /// <summary>Reads adapter_config.json and adapter_model.safetensors.</summary>
    /// <exception cref="CheckpointException">A file is missing or damaged, the adapter is not a plain LoRA, or configuration and weights contradict each other.</exception>
    public static PeftAdapter Read(string folder)
    {
        var config = LoraConfig.Read(Path.Combine(folder, PeftExporter.ConfigFile));
        using var file = SafetensorsFile.Open(Path.Combine(folder, PeftExporter.WeightsFile));
        var matrices = new List<LoraMatrices>();
        var heads = new List<PeftHead>();
        foreach (var key in file.Tensors.Keys.Order(StringComparer.Ordinal))
        {
            var name = key.StartsWith(PeftExporter.KeyPrefix, StringComparison.Ordinal)
                ? key[PeftExporter.KeyPrefix.Length..]
                : throw new CheckpointException($"{file.Path}: tensor '{key}' does not start with '{PeftExporter.KeyPrefix}'; save the adapter with PEFT's save_pretrained.");
            if (Strip(name, PeftExporter.SuffixA) is { } adapted)
                matrices.Add(ReadMatrices(file, config, adapted));
            else if (Strip(name, ".weight") is { } saved && config.IsSaved(saved))
                heads.Add(ReadHead(file, saved));
            else if (!IsPartner(file, name))
                throw new CheckpointException($"{file.Path}: tensor '{key}' is neither a LoRA matrix nor part of modules_to_save; this kind of adapter is not read.");
        }

        return matrices.Count > 0
            ? new PeftAdapter(matrices, heads, config.TaskType, config.BaseModel)
            : throw new CheckpointException($"{file.Path} holds no '*{PeftExporter.SuffixA}' tensor; save a LoRA adapter with PEFT's save_pretrained.");
    }

    private static LoraMatrices ReadMatrices(SafetensorsFile file, LoraConfig config, string module)
    {
        var a = Matrix(file, module + PeftExporter.SuffixA);
        var b = Matrix(file, module + PeftExporter.SuffixB);
        var (rank, scaling) = config.Scale(module);
        if (a.Shape[0] != rank || b.Shape[1] != rank)
            throw new CheckpointException($"{file.Path}: layer '{module}' has lora_A {a.ShapeText} and lora_B {b.ShapeText}, but {PeftExporter.ConfigFile} gives it rank {rank}; the two files do not belong together.");
        return new LoraMatrices(module, rank, scaling, file.ReadFloat32(a.Name), file.ReadFloat32(b.Name), b.Shape[0], a.Shape[1]);
    }

    private static PeftHead ReadHead(SafetensorsFile file, string module)
    {
        var weight = Matrix(file, module + ".weight");
        var biasKey = PeftExporter.KeyPrefix + module + ".bias";
        var hasBias = file.Tensors.TryGetValue(biasKey, out var bias);
        if (hasBias && !(bias!.Shape.Count == 1 && bias.Shape[0] == weight.Shape[0]))
            throw new CheckpointException($"{file.Path}: '{biasKey}' is {bias.ShapeText} where [{weight.Shape[0]}] is expected; save the adapter again.");
        return new PeftHead(module, file.ReadFloat32(weight.Name), hasBias ? file.ReadFloat32(biasKey) : null, weight.Shape[0], weight.Shape[1]);
    }

    private static TensorInfo Matrix(SafetensorsFile file, string name)
    {
        var tensor = file[PeftExporter.KeyPrefix + name];
        return tensor.Shape.Count == 2
            ? tensor
            : throw new CheckpointException($"{file.Path}: tensor '{tensor.Name}' is {tensor.ShapeText}; a matrix is expected. Adapters of convolutions are not read.");
    }

    // lora_B is read with its lora_A, a bias with its weight.
    private static bool IsPartner(SafetensorsFile file, string name)
    {
        var partner = Strip(name, PeftExporter.SuffixB) is { } adapted ? adapted + PeftExporter.SuffixA
            : Strip(name, ".bias") is { } saved ? saved + ".weight" : null;
        return partner is not null && file.Tensors.ContainsKey(PeftExporter.KeyPrefix + partner);
    }

    private static string? Strip(string name, string suffix) =>
        name.EndsWith(suffix, StringComparison.Ordinal) ? name[..^suffix.Length] : null;
}
