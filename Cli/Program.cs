using System.Runtime.InteropServices;
using FwdLLM.Cli;
using FwdLLM.Cli.Running;

// The first Ctrl-C (or SIGTERM) asks for a clean stop; the second is left to the system, which ends the process.
using var stop = new CancellationTokenSource();
void Stop(PosixSignalContext signal)
{
    if (stop.IsCancellationRequested)
        return;
    signal.Cancel = true;
    Console.Error.WriteLine("stopping after the work at hand; once more to stop at once.");
    stop.Cancel();
}

using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
return await CommandLine.RunAsync(args, CliContext.Process(new LocalRunExecutor(TimeProvider.System, Random.Shared.NextDouble)), stop.Token);
