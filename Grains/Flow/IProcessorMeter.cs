namespace FwdLLM.Grains;

/// <summary>How busy the silo's process is.</summary>
public interface IProcessorMeter
{
    /// <summary>Share of the machine's processors this process used in the last second or so, 0 to 1.</summary>
    double Share { get; }
}
