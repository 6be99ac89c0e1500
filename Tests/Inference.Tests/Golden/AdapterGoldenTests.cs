using FwdLLM.Inference;
using FwdLLM.Modeling.Adapters;
using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Compilation;

namespace FwdLLM.Tests.Inference;

/// <summary>
/// Every adapter under golden/peft against peft (or its definition) in double precision. A trained tensor is part of θ, or the
/// head's, or of a layer before the head that is frozen here: the last kind is put into the base model, moved where θ moves,
/// and its share is taken out of the reference derivative.
/// </summary>
public sealed class AdapterGoldenTests : IDisposable
{
    private const int Directions = 8;
    private static readonly double[] Steps = [1e-2, 1e-3, 1e-4];

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Cases => GoldenCase.Names("peft");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Cases))]
    public void Losses_and_derivatives_match_the_reference(string name)
    {
        var golden = GoldenCase.Require("peft", name);
        using var checkpoint = Checkpoint.Open(golden.Base.PathOf("model"));
        var spec = AdapterImport.Specification(golden.PathOf("adapter"), checkpoint.Config);
        Assert.SkipWhen(spec is null, $"no registered adapter kind reads '{golden.Method}'");
        var (batch, labels) = Golden.Inputs(golden.Base.PathOf("inputs.json"));
        var expected = golden.PathOf("expected.safetensors");
        var trained = new TrainedTensors(golden, checkpoint, spec);

        using var runtime = Open(golden.Task, checkpoint, spec, trained.Frozen(-1, 0), withVjp: true);
        var theta = AdapterImport.Theta(golden.PathOf("adapter"), spec, checkpoint);
        var head = trained.Head(-1);

        var result = runtime.Jvp(batch, theta, trained.ThetaDirections, Cancellation);
        Golden.AssertClose(GoldenHead.Logits(golden.Task, expected, batch), head.Logits(result.Features), 2e-5);
        // The reference's loss of a span has the logits of padding in it, which are no features here: PaddedSpanGoldenTests.
        if (golden.Task == "qa")
            return;
        Golden.AssertClose(Golden.Doubles(expected, "loss"), [head.Loss(result.Features, labels)], 5e-6);
        var size = result.Features.Length;
        Golden.AssertClose(
            [.. Golden.Doubles(expected, "jvp").Select((value, k) => value - trained.FrozenDerivative(k))],
            [.. Enumerable.Range(0, Directions).Select(k => head.Derivative(result.Features, result.Tangents.AsSpan(k * size, size), trained.Head(k), labels))],
            1e-5, 1e-4);

        var gradient = runtime.Vjp(batch, theta, head.Cotangents(result.Features, labels), Cancellation);
        foreach (var (key, block) in trained.Blocks)
            Golden.AssertClose(Golden.Doubles(expected, "grad." + key), Golden.Widen(gradient.AsSpan(block.Offset, block.Length)), 2e-6, 1e-4);

        foreach (var (sign, tensor) in new[] { (1, "loss_plus_f64"), (-1, "loss_minus_f64") })
        {
            var reference = Golden.Doubles(expected, tensor);
            for (var k = 0; k < Directions; k++)
                for (var step = 0; step < Steps.Length; step++)
                {
                    var distance = sign * Steps[step];
                    using var own = trained.HasFrozen ? Open(golden.Task, checkpoint, spec, trained.Frozen(k, distance), withVjp: false) : null;
                    var moved = theta.Select((value, index) => (float)(value + distance * trained.ThetaDirections[k * theta.Length + index])).ToArray();
                    var loss = head.Moved(trained.Head(k), distance).Loss((own ?? runtime).Features(batch, moved, Cancellation), labels);
                    Golden.AssertClose([reference[k * Steps.Length + step]], [loss], 5e-6);
                }
        }
    }

    public void Dispose() => _folder.Dispose();

    private ModelRuntime Open(string task, Checkpoint checkpoint, AdapterSpec spec, IReadOnlyDictionary<string, float[]> frozen, bool withVjp)
    {
        var source = GoldenHead.Source(task, checkpoint);
        return ModelRuntime.Open(ModelCompiler.Compile(
            source with { Tensors = new OverlaidTensors(source.Tensors, frozen) }, spec, _folder.File(Guid.NewGuid().ToString("n")), withVjp));
    }
}
