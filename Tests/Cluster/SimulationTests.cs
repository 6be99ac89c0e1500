extern alias bench;

using bench::FwdLLM.Bench.Learning;
using FwdLLM.DeviceAgent.Data;
using FwdLLM.DeviceAgent.Work;
using FwdLLM.Inference;
using FwdLLM.Learning.Training;
using FwdLLM.Modeling.Adapters;
using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Compilation;

namespace FwdLLM.Tests.Cluster;

/// <summary>The benchmarks' job without a cluster is the same job.</summary>
public sealed class SimulationTests(TinyJob job) : IClassFixture<TinyJob>
{
    [Fact]
    public void Simulation_gives_the_bits_of_the_cluster()
    {
        using var checkpoint = Checkpoint.Open(Path.Combine(job.Folder, "checkpoint"));
        var model = ModelCompiler.Compile(checkpoint, AdapterSpec.Default, Path.Combine(job.Folder, "simulated"), withVjp: false);
        using var runtime = ModelRuntime.Open(model, new RuntimeOptions());
        var tokenizer = checkpoint.LoadTokenizer();
        var data = DataReader.Read(job.Train, new DataReadOptions());
        var labels = LabelIndex.FromTrain(data);
        var options = new AlgorithmOptions { Seed = 7, MaxRounds = 15, CohortSize = 3, ProbesPerDevice = 8, BatchSize = 4, HeadIterations = 5 };
        var context = new TrainingContext(options, model.Layout, model.Manifest.FeatureSize, labels.Labels.Count);
        var all = new LocalExamples([.. data.Rows.Select(row => new TokenSequence(tokenizer.Encode(row.Text, 16)))], labels.Encode(data));
        var workers = DataSplit.Parse(TinyJob.Split).Assign(data, job.Devices, options.Seed).Select(shard => new DeviceWorker(context, runtime, all.At(shard)));

        var state = new Simulation(new Trainer(context), [.. workers]).Run();

        Assert.Equal(job.AdapterSha256, state.AdapterSha256());
    }
}
