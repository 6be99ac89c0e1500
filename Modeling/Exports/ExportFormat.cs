using FwdLLM.Modeling.Compilation;

namespace FwdLLM.Modeling.Exports;

/// <summary>A form in which other programs read what was trained.</summary>
internal abstract class ExportFormat
{
    /// <summary>Name in options.</summary>
    public abstract string Name { get; }

    /// <summary>What the format cannot hold of a model and its adapter, and what to do about it; null where it holds both.</summary>
    public virtual string? Refusal(CompiledModel model) => null;

    /// <summary>Whether the job's own head is its last layer; then it must have one.</summary>
    public virtual bool EndsInLogits => false;

    /// <summary>Writes into a folder that exists. Names of files are the format's own, so that several formats share a folder.</summary>
    public abstract void Write(TrainedModel trained, string folder);
}
