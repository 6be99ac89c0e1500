using FwdLLM.Modeling.Adapters;
using FwdLLM.Modeling.Architectures;
using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Graphs;
using FwdLLM.Modeling.Graphs.Steps;
using FwdLLM.Modeling.Precision;

namespace FwdLLM.Tests.Modeling.Graphs;

/// <summary>Every model under golden/arch: its program comes by the places that its architecture lists, and goes on with what an adapter returns there.</summary>
public sealed class ProgramBuilderTests
{
    public static TheoryData<string> Cases => Directory.Exists(Path.Combine(TestPaths.Golden, "arch"))
        ? [.. Directory.GetDirectories(Path.Combine(TestPaths.Golden, "arch")).Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal)]
        : [""];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Hooks_are_called_at_the_listed_places_in_their_order(string name)
    {
        var config = Config(name);
        foreach (var pooling in Enum.GetValues<PoolingKind>())
        {
            var adapter = new RecordingAdapter();
            Build(config, pooling, adapter);
            Assert.Equal(AdapterPlan.Places(config, pooling).Select(place => (place.Kind, place.Module)), adapter.Visited.Distinct());
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Whatever_a_hook_appends_is_read_by_what_follows(string name)
    {
        var program = Build(Config(name), PoolingKind.Pooler, new RecordingAdapter());
        var read = program.Steps.SelectMany(step => step.Inputs).ToHashSet();
        Assert.All(Enumerable.Range(1, program.Result - 1), value => Assert.Contains(value, read));
    }

    private static ModelConfig Config(string name)
    {
        var path = TestPaths.RequireGolden("arch", name, "model", "config.json");
        using var document = JsonFile.Read(path);
        var architecture = document.RootElement.GetProperty("model_type").GetString()!;
        Assert.SkipUnless(KnownArchitectures.Names.Contains(architecture), $"no architecture '{architecture}' is registered");
        return KnownArchitectures.ReadConfig(path);
    }

    private static EncoderProgram Build(ModelConfig config, PoolingKind pooling, Adapter adapter)
    {
        var architecture = KnownArchitectures.Get(config.Architecture);
        var builder = new ProgramBuilder(config, PrecisionPlan.Create(PrecisionSpec.Float32, config, pooling), adapter);
        var value = architecture.Enter(builder, 0);
        for (var layer = 0; layer < config.Layers; layer++)
            value = architecture.Block(builder, value, layer);
        architecture.Features(builder, architecture.Leave(builder, value), pooling);
        return builder.Program;
    }

    /// <summary>Notes where it is called and appends a step everywhere.</summary>
    private sealed class RecordingAdapter : Adapter
    {
        public List<(PlaceKind Kind, string Module)> Visited { get; } = [];

        public override IReadOnlyList<AdapterParameter> Parameters => [];

        public override int BeforeLinear(ProgramBuilder program, int x, string module) => Visit(program, x, PlaceKind.Linear, module);

        public override int AfterLinear(ProgramBuilder program, int y, string module) => Visit(program, y, PlaceKind.Linear, module);

        public override int AfterNorm(ProgramBuilder program, int y, string module) => Visit(program, y, PlaceKind.Norm, module);

        public override int BeforeResidual(ProgramBuilder program, int update, int residual, string insertion, Func<int, int>? norm) =>
            program.Add(new AddStep(Visit(program, update, PlaceKind.Insertion, insertion), residual));

        public override int AfterResidual(ProgramBuilder program, int y, string insertion) => Visit(program, y, PlaceKind.Insertion, insertion);

        private int Visit(ProgramBuilder program, int value, PlaceKind kind, string module)
        {
            Visited.Add((kind, module));
            return program.Add(new TanhStep(value));
        }
    }
}
