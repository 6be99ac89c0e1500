using FwdLLM.Modeling.Architectures;
using FwdLLM.Modeling.Graphs;
using FwdLLM.Modeling.Graphs.Steps;

namespace FwdLLM.Modeling.Adapters;

/// <summary>Houlsby's adapters (arXiv 1902.00751) as AdapterHub's DoubleSeqBnConfig: after both sublayers f becomes f + a(f), with φ = swish.</summary>
internal sealed class HoulsbyKind : BottleneckKind
{
    public override string Name => AdapterKinds.Houlsby;

    protected override string Activation => "swish";

    protected override string Definition =>
        "after the attention output projection and after the FFN output projection of each layer: f = projection output, x = residual; out = LN(Wup*swish(Wdown*f + bdown) + bup + f + x)";

    protected override IEnumerable<AdapterPlace> Choose(IEnumerable<AdapterPlace> insertions) => insertions;

    protected override Step Activate(int x) => new SiluStep(x);

    protected override int Insert(ProgramBuilder program, int update, int residual, Func<int, int>? norm, Func<int, int> bottleneck) =>
        program.Add(new AddStep(bottleneck(update), update));
}
