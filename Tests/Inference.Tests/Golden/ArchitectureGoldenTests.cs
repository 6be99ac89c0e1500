using FwdLLM.Inference;
using FwdLLM.Modeling.Adapters;
using FwdLLM.Modeling.Architectures;
using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Compilation;

namespace FwdLLM.Tests.Inference;

/// <summary>Every small random model under golden/arch against transformers in double precision.</summary>
public sealed class ArchitectureGoldenTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Cases => GoldenCase.Names("arch");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Cases))]
    public void Logits_and_loss_match_transformers_wherever_the_model_is_cut(string name)
    {
        var golden = GoldenCase.Require("arch", name);
        using var checkpoint = Checkpoint.Open(golden.PathOf("model"));
        var expected = golden.PathOf("expected.safetensors");
        var (batch, labels) = Golden.Inputs(golden.PathOf("inputs.json"));
        var architecture = KnownArchitectures.Get(checkpoint.Config.Architecture);
        // LoRA with B = 0 leaves the model as it is, and so does θ = 0.
        for (var firstLayer = 0; firstLayer < (architecture.SharesBlocks ? 1 : checkpoint.Config.Layers); firstLayer++)
        {
            using var runtime = Open(GoldenHead.Source(golden.Task, checkpoint), AdapterSpec.LoraQueryValue with { Rank = 2, FirstLayer = firstLayer });
            var features = runtime.Features(batch, new float[runtime.Dimension], Cancellation);
            if (golden.Task == "base")
            {
                Golden.AssertClose(Golden.Doubles(expected, "pooler_output"), Golden.Widen(features), 2e-5);
                continue;
            }

            var head = GoldenHead.Read(golden.Task, checkpoint);
            Golden.AssertClose(GoldenHead.Logits(golden.Task, expected, batch), head.Logits(features), 2e-5);
            // The reference's loss of a span has the logits of padding in it.
            if (golden.Task != "qa")
                Golden.AssertClose(Golden.Doubles(expected, "loss"), [head.Loss(features, labels)], 5e-6);
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Features_without_pooling_are_the_last_hidden_states_of_the_tokens(string name)
    {
        var golden = GoldenCase.Require("arch", name);
        using var checkpoint = Checkpoint.Open(golden.PathOf("model"));
        var (batch, _) = Golden.Inputs(golden.PathOf("inputs.json"));
        using var runtime = Open(ModelSource.From(checkpoint) with { Pooling = PoolingKind.Tokens }, AdapterSpec.LoraQueryValue with { Rank = 2 });
        var hidden = Golden.Doubles(golden.PathOf("expected.safetensors"), "last_hidden_state");
        Golden.AssertClose(Golden.Unpad(hidden, batch), Golden.Widen(runtime.Features(batch, new float[runtime.Dimension], Cancellation)), 2e-5);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Mean_pooling_matches_the_mean_of_the_last_hidden_state(string name)
    {
        var golden = GoldenCase.Require("arch", name);
        using var checkpoint = Checkpoint.Open(golden.PathOf("model"));
        var (batch, _) = Golden.Inputs(golden.PathOf("inputs.json"));
        using var runtime = Open(ModelSource.From(checkpoint) with { Pooling = PoolingKind.Mean }, AdapterSpec.LoraQueryValue with { Rank = 2 });
        var hidden = Golden.Doubles(golden.PathOf("expected.safetensors"), "last_hidden_state"); // [n, S, H]
        var (width, length) = (runtime.FeatureSize, batch.Max(sequence => sequence.Length));
        var mean = batch.SelectMany((sequence, row) => Enumerable.Range(0, width).Select(h =>
            Enumerable.Range(0, sequence.Length).Average(position => hidden[(row * length + position) * width + h])));
        Golden.AssertClose([.. mean], Golden.Widen(runtime.Features(batch, new float[runtime.Dimension], Cancellation)), 2e-5);
    }

    public void Dispose() => _folder.Dispose();

    private ModelRuntime Open(ModelSource source, AdapterSpec spec) =>
        ModelRuntime.Open(ModelCompiler.Compile(source, spec, _folder.File(Guid.NewGuid().ToString("n")), withVjp: false));
}
