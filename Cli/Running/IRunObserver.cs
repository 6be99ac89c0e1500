namespace FwdLLM.Cli.Running;

/// <summary>Hears how a run is getting on. Thread-safe, returns at once.</summary>
public interface IRunObserver
{
    /// <summary>The newest snapshot replaces the one before.</summary>
    void Report(RunProgress progress);
}
