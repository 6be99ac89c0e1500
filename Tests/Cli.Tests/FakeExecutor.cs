using FwdLLM.Cli.Running;
using FwdLLM.Cli.Settings;

namespace FwdLLM.Cli.Tests;

/// <summary>Remembers what it was asked and does what the test says.</summary>
internal sealed class FakeExecutor(Func<RunSettings, IRunObserver, CancellationToken, Task<RunSummary>>? run = null) : IRunExecutor
{
    public RunSettings? Asked { get; private set; }

    public Task<RunSummary> ExecuteAsync(RunSettings settings, IRunObserver observer, CancellationToken cancellation)
    {
        Asked = settings;
        return run is null ? Task.FromResult(Summary(settings)) : run(settings, observer, cancellation);
    }

    public static RunSummary Summary(RunSettings settings) => new()
    {
        Job = settings.Id,
        Algorithm = settings.Algorithm.Name,
        Adapter = AdapterOption.Format(settings.Adapter),
        Estimator = "jvp",
        Seed = settings.Algorithm.Seed,
        Devices = settings.Devices,
        Rounds = 42,
        Probes = 4096,
        ForwardPasses = 20_000,
        AccuracyHeadOnly = 0.7312,
        Accuracy = 0.8104,
        LossHeadOnly = 0.91,
        Loss = 0.62,
        BytesUpPerDevice = 20_480,
        BytesDownPerDevice = 368_640,
        BytesUpPerProbe = 251.0 / 16,
        PeakRssBytes = 412_000_000,
        Seconds = 93.4,
        AdapterSha256 = new string('a', 64),
        Output = settings.Output,
    };
}
