using System.Text.Json;
using FwdLLM.Modeling.Architectures;

namespace FwdLLM.Modeling.Peft;

/// <summary>The parts of an (IA)³'s adapter_config.json that say what the weights mean.</summary>
internal sealed class Ia3Config : PeftConfig
{
    public const string Type = "IA3";

    private readonly List<string> _feedForward;

    public Ia3Config(string path, JsonElement root)
        : base(path, root, Type) => _feedForward = ReadNames(root, "feedforward_modules");

    /// <summary>Whether a layer's input is scaled instead of its output. As PEFT: its name ends so, after a dot or not.</summary>
    public bool IsFeedForward(Architecture architecture, string module) => _feedForward.Any(name => module.EndsWith(architecture.Normalize(name), StringComparison.Ordinal));
}
