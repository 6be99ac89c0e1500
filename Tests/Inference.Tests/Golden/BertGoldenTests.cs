using FwdLLM.Inference;
using FwdLLM.Modeling.Adapters;
using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Compilation;

namespace FwdLLM.Tests.Inference;

/// <summary>Small random BERT models against transformers and peft in double precision.</summary>
public sealed class BertGoldenTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void Pooler_output_of_bert_base_matches_transformers()
    {
        using var runtime = Open("bert_base", AdapterSpec.Default with { Rank = 4 });
        var (batch, _) = Golden.Inputs(TestPaths.RequireGolden("arch", "bert_base", "inputs.json"));
        var features = runtime.Features(batch, new float[runtime.Dimension], Cancellation);
        Golden.AssertClose(Golden.Doubles(TestPaths.RequireGolden("arch", "bert_base", "expected.safetensors"), "pooler_output"), Golden.Widen(features), 2e-5);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Logits_and_loss_of_the_classifier_match_transformers(int firstLayer)
    {
        using var runtime = Open("bert_seqcls", AdapterSpec.Default with { Rank = 4, FirstLayer = firstLayer });
        var (batch, labels) = Golden.Inputs(TestPaths.RequireGolden("arch", "bert_seqcls", "inputs.json"));
        var expected = TestPaths.RequireGolden("arch", "bert_seqcls", "expected.safetensors");
        using var checkpoint = Checkpoint.Open(TestPaths.RequireGolden("arch", "bert_seqcls", "model"));
        var head = new LinearHead(Golden.Widen(checkpoint.ReadFloat32("classifier.weight")), Golden.Widen(checkpoint.ReadFloat32("classifier.bias")));
        var features = runtime.Features(batch, new float[runtime.Dimension], Cancellation);
        Golden.AssertClose(Golden.Doubles(expected, "logits"), head.Logits(features), 2e-5);
        Golden.AssertClose(Golden.Doubles(expected, "loss"), [head.Loss(features, labels)], 5e-6);
    }

    [Theory]
    [InlineData("bert_lora", 8)]
    [InlineData("bert_lora_rslora", 16)] // α/√r = 8/√4 is the scale of α/r = 16/4.
    public void Losses_and_derivatives_of_a_peft_adapter_match_peft(string name, float alpha)
    {
        using var runtime = Open("bert_seqcls", new AdapterSpec(AdapterKind.Lora, 4, alpha, ["query", "value"]));
        var layout = CompiledModel.Open(_folder.File("model")).Layout;
        var (batch, labels) = Golden.Inputs(TestPaths.RequireGolden("arch", "bert_seqcls", "inputs.json"));
        var expected = TestPaths.RequireGolden("peft", name, "expected.safetensors");
        var adapter = TestPaths.RequireGolden("peft", name, "adapter", "adapter_model.safetensors");
        var directionFile = TestPaths.RequireGolden("peft", name, "directions.safetensors");

        var theta = new float[runtime.Dimension];
        var directions = new float[8 * runtime.Dimension];
        foreach (var block in layout.Blocks)
        {
            Golden.Floats(adapter, Key(block.Name)).CopyTo(theta, block.Offset);
            var stack = Golden.Floats(directionFile, Key(block.Name));
            for (var k = 0; k < 8; k++)
                stack.AsSpan(k * block.Length, block.Length).CopyTo(directions.AsSpan(k * runtime.Dimension + block.Offset));
        }

        var head = new LinearHead(Golden.Widen(Golden.Floats(adapter, "base_model.model.classifier.weight")), Golden.Widen(Golden.Floats(adapter, "base_model.model.classifier.bias")));
        var headDirections = HeadDirections(directionFile, head);

        var result = runtime.Jvp(batch, theta, directions, Cancellation);
        Golden.AssertClose(Golden.Doubles(expected, "logits"), head.Logits(result.Features), 2e-5);
        Golden.AssertClose(Golden.Doubles(expected, "loss"), [head.Loss(result.Features, labels)], 5e-6);
        var derivatives = Enumerable.Range(0, 8).Select(k => head.Derivative(result.Features, result.Tangents.AsSpan(k * result.Features.Length, result.Features.Length), headDirections[k], labels)).ToArray();
        Golden.AssertClose(Golden.Doubles(expected, "jvp"), derivatives, 1e-5, 1e-4);

        var gradient = runtime.Vjp(batch, theta, head.Cotangents(result.Features, labels), Cancellation);
        foreach (var block in layout.Blocks)
            Golden.AssertClose(Golden.Doubles(expected, "grad." + Key(block.Name)), Golden.Widen(gradient.AsSpan(block.Offset, block.Length)), 2e-6, 1e-4);

        var (plus, minus) = (Golden.Doubles(expected, "loss_plus_f64"), Golden.Doubles(expected, "loss_minus_f64"));
        double[] steps = [1e-2, 1e-3, 1e-4];
        for (var k = 0; k < 8; k++)
            for (var step = 0; step < 3; step++)
                foreach (var (sign, reference) in new[] { (1, plus), (-1, minus) })
                {
                    var moved = theta.Select((value, index) => (float)(value + sign * steps[step] * directions[k * theta.Length + index])).ToArray();
                    var loss = head.Moved(headDirections[k], sign * steps[step]).Loss(runtime.Features(batch, moved, Cancellation), labels);
                    Golden.AssertClose([reference[k * 3 + step]], [loss], 5e-6);
                }
    }

    public void Dispose() => _folder.Dispose();

    private ModelRuntime Open(string architecture, AdapterSpec spec)
    {
        using var checkpoint = Checkpoint.Open(TestPaths.RequireGolden("arch", architecture, "model"));
        return ModelRuntime.Open(ModelCompiler.Compile(checkpoint, spec, _folder.File("model"), withVjp: true));
    }

    private static string Key(string block) => $"base_model.model.bert.{block}.weight";

    private static LinearHead[] HeadDirections(string file, LinearHead head)
    {
        var weights = Golden.Widen(Golden.Floats(file, "base_model.model.classifier.weight"));
        var biases = Golden.Widen(Golden.Floats(file, "base_model.model.classifier.bias"));
        return [.. Enumerable.Range(0, 8).Select(k => new LinearHead(
            weights[(k * head.Weight.Length)..((k + 1) * head.Weight.Length)],
            biases[(k * head.Classes)..((k + 1) * head.Classes)]))];
    }
}
