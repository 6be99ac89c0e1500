using FwdLLM.DeviceAgent.Data;
using FwdLLM.DeviceAgent.Work;
using FwdLLM.Inference;
using FwdLLM.Learning.Tasks;
using FwdLLM.Modeling.Adapters;
using FwdLLM.Modeling.Compilation;
using FwdLLM.Tests.Inference;

namespace FwdLLM.DeviceAgent.Tests.Work;

public sealed class ShardWorkerFactoryTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Model_without_the_graph_of_exact_gradients_is_refused_for_exact_devices()
    {
        var model = ModelCompiler.Compile(TinyBert.Source(), new AdapterSpec(AdapterKinds.LoraXs, 3, 6, AdapterSpec.AllLinear), _folder.File("model"), withVjp: false);
        await File.WriteAllTextAsync(_folder.File("rows.csv"), "text,label\na,no\nb,yes\n", TestContext.Current.CancellationToken);
        var data = TaskData.Read(TaskKind.Classification, _folder.File("rows.csv"), new DataReadOptions());
        var job = FakeCluster.Job with { Model = FakeCluster.Job.Model with { ManifestSha256 = model.ManifestSha256 } };
        using var workers = new ShardWorkerFactory(data, [[0], [1]], (_, _) => Task.FromResult(model.Folder), new RuntimeOptions(), new HashSet<int> { 1 });

        Assert.Equal((false, true), (workers.IsExact(0), workers.IsExact(1)));
        var error = await Assert.ThrowsAsync<InvalidDataException>(() => workers.PrepareAsync(job, TestContext.Current.CancellationToken));
        Assert.Contains(model.ManifestSha256, error.Message, StringComparison.Ordinal);
        Assert.Contains("fwdllm model add --exact", error.Message, StringComparison.Ordinal);
    }
}
