using FwdLLM.Modeling.Peft;

namespace FwdLLM.Modeling.Exports;

/// <summary>Hugging Face PEFT's folder. A LoRA-XS is written as the LoRA it equals.</summary>
internal sealed class PeftFormat : ExportFormat
{
    public override string Name => ExportFormats.Peft;

    public override void Write(TrainedModel trained, string folder)
    {
        var config = trained.Model.Manifest.Config;
        var matrices = trained.Model.ToLora(trained.Theta)
            .Select(module => new LoraMatrices(PeftExporter.ModuleName(config, PeftTask.FeatureExtraction, module.Module), module.Rank, module.Scaling, module.A, module.B, module.Out, module.In));
        PeftExporter.Write(folder, [.. matrices], [], PeftTask.FeatureExtraction, trained.BaseModel);
    }
}
