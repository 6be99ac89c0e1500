using FwdLLM.Modeling.Architectures;
using FwdLLM.Modeling.Graphs;
using FwdLLM.Modeling.Graphs.Steps;

namespace FwdLLM.Modeling.Adapters;

/// <summary>
/// Pfeiffer's adapters (arXiv 2005.00247) as AdapterHub's SeqBnConfig: after the feed-forward sublayer f becomes f + a(LN(f + x)),
/// LN the norm that follows (none in a pre-norm block), with φ = ReLU.
/// </summary>
internal sealed class PfeifferKind : BottleneckKind
{
    public override string Name => AdapterKinds.Pfeiffer;

    protected override string Activation => "relu";

    protected override string Definition =>
        "after the FFN output projection of each layer: f = FFN dense output (before residual and LayerNorm), x = FFN input (residual); z = LN(f + x); a = Wup*relu(Wdown*z + bdown) + bup; out = LN(a + f + x), LN = the layer's own output LayerNorm both times";

    // The feed-forward sublayer is a block's last.
    protected override IEnumerable<AdapterPlace> Choose(IEnumerable<AdapterPlace> insertions) => insertions.GroupBy(place => place.Layer).Select(block => block.Last());

    protected override Step Activate(int x) => new ReluStep(x);

    protected override int Insert(ProgramBuilder program, int update, int residual, Func<int, int>? norm, Func<int, int> bottleneck)
    {
        var sum = program.Add(new AddStep(update, residual));
        return program.Add(new AddStep(bottleneck(norm is null ? sum : norm(sum)), update));
    }
}
