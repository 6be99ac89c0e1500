using FwdLLM.Learning;
using FwdLLM.Modeling.Graphs;
using FwdLLM.Modeling.Onnx;
using FwdLLM.Modeling.Onnx.Format;

namespace FwdLLM.Tests.Modeling.Graphs;

public sealed class GraphScopeTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void Gradients_of_one_block_from_several_steps_add_up()
    {
        using var weights = new WeightFile(_folder.File("weights.bin"));
        var builder = new GraphBuilder("shared", weights);
        var scope = new GraphScope(builder, new AdapterLayout([new AdapterBlock("once", 0, 2, 0), new AdapterBlock("twice", 2, 3, 0)])) { BatchShape = "shape" };
        scope.AddGradient(0, "a");
        scope.AddGradient(1, "b");
        scope.AddGradient(1, "c");
        scope.Gradient();
        var sum = Assert.Single(Model.Parser.ParseFrom(builder.ToBytes()).Graph.Node, node => node.OpType == "Add");
        Assert.Equal(["b", "c"], sum.Input);
    }

    [Fact]
    public void Block_without_a_gradient_is_named()
    {
        using var weights = new WeightFile(_folder.File("weights.bin"));
        var scope = new GraphScope(new GraphBuilder("none", weights), new AdapterLayout([new AdapterBlock("forgotten", 0, 2, 0)])) { BatchShape = "shape" };
        Assert.Contains("forgotten", Assert.Throws<InvalidOperationException>(scope.Gradient).Message, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();
}
