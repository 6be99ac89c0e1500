namespace FwdLLM.Modeling.Architectures;

/// <summary>Reads rotary positions from config.json: <c>rope_parameters</c> (transformers 5), or <c>rope_theta</c> and <c>rope_scaling</c> at the top level (before).</summary>
internal static class RotaryReader
{
    private const double DefaultTheta = 10_000;
    private const double MaxTheta = 1e12;
    private const double MaxFactor = 10_000;

    private static readonly string[] Kinds = ["default", "linear", "llama3"];

    public static RotaryConfig Read(ConfigReader reader, int headSize)
    {
        var theta = reader.Number("rope_theta", 0, MaxTheta, DefaultTheta);
        var section = reader.Section("rope_parameters");
        if (section is not null)
            theta = section.Number("rope_theta", 0, MaxTheta, theta);
        else
            section = reader.Section("rope_scaling");
        if (section is null)
            return new RotaryConfig(theta);
        section.Require("partial_rotary_factor", "1.0", ["1.0", "1"]);
        // The older key is type.
        var kind = section.Has("rope_type") ? section.Require("rope_type", "", Kinds) : section.Require("type", "default", Kinds);
        if (kind == "default")
            return new RotaryConfig(theta);
        var factor = section.Number("factor", 0, MaxFactor);
        if (kind == "linear")
            return RotaryConfig.Linear(theta, headSize, factor);
        var low = section.Number("low_freq_factor", 0, MaxFactor);
        return RotaryConfig.Llama3(
            theta, headSize, factor, low, section.Number("high_freq_factor", low, MaxFactor), section.Integer("original_max_position_embeddings", 1, 1_000_000));
    }
}
