using FwdLLM.Modeling.Adapters;
using FwdLLM.Modeling.Peft;

namespace FwdLLM.Modeling.Exports;

/// <summary>Hugging Face PEFT's folder, for adapters that PEFT has; the others in the same two files under the model's own names.</summary>
internal sealed class PeftFormat : ExportFormat
{
    public override string Name => ExportFormats.Peft;

    public override void Write(TrainedModel trained, string folder)
        => AdapterExport.Write(folder, trained.Model, trained.Theta, [], PeftTask.FeatureExtraction, trained.BaseModel);
}
