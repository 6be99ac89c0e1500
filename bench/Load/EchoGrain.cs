using FwdLLM.Grains.Interfaces;

namespace FwdLLM.Bench.Load;

/// <inheritdoc cref="IEchoGrain"/>
[GrainType("bench.echo")]
internal sealed class EchoGrain : Grain, IEchoGrain
{
    private static readonly Receipt Accepted = new() { Verdict = Verdict.Accepted };

    public Task<Receipt> Contribute(Contribution contribution) => Task.FromResult(Accepted);
}
