using FwdLLM.Cli.Running;

namespace FwdLLM.Cli.Views;

/// <summary>Shows a run while it goes.</summary>
internal interface IRunView
{
    /// <summary>Starts the run with an observer and shows what it reports until it ends.</summary>
    Task<T> ShowAsync<T>(Func<IRunObserver, Task<T>> run);
}
