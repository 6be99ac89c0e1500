using FwdLLM.Cli.Profiling;
using FwdLLM.DeviceAgent.Data;
using FwdLLM.DeviceAgent.Work;
using FwdLLM.Inference;
using FwdLLM.Learning.Heads;
using FwdLLM.Learning.Tasks;
using FwdLLM.Learning.Training;
using FwdLLM.Modeling.Adapters;
using FwdLLM.Modeling.Compilation;
using FwdLLM.Modeling.Tokenization;

namespace FwdLLM.Bench.Learning;

/// <summary>A data set, tokenised and split over devices, and a compiled model to run it on.</summary>
internal sealed class LearningTask : IDisposable
{
    private readonly int[][] _shards;
    private readonly LocalExamples _train;
    private readonly LocalExamples _test;

    public LearningTask(string modelFolder, AdapterSpec adapter, string trainFile, string testFile, int devices, int testLimit, int maxTokens)
    {
        var cache = Path.Combine(Path.GetTempPath(), "fwdllm-bench-models");
        Model = ModelCache.GetOrCompile(modelFolder, adapter, cache);
        Runtime = new StartFeatures(new KeptGradients(ModelRuntime.Open(Model, new RuntimeOptions { AllowVjp = true })), new float[Model.Layout.Dimension], StartFeatures.Store());
        var tokenizer = Tokenizers.Load(Model.Folder);
        var train = DataReader.Read(trainFile, new DataReadOptions());
        var labels = LabelIndex.FromTrain(train);
        var test = DataReader.Read(testFile, new DataReadOptions());
        _shards = DataSplit.Iid.Assign(train, devices, 1);
        _train = Tokenise(train, labels, tokenizer, int.MaxValue, maxTokens);
        _test = Tokenise(test, labels, tokenizer, testLimit, maxTokens);
        Classes = labels.Labels.Count;
    }

    public CompiledModel Model { get; }

    public IModelRuntime Runtime { get; }

    public int Classes { get; }

    public TrainingContext Context(AlgorithmOptions options) => new(options, Model.Layout, Model.Manifest.FeatureSize, Classes);

    public DeviceWorker[] Workers(TrainingContext context) => [.. _shards.Select(shard => new DeviceWorker(context, Runtime, _train.At(shard)))];

    /// <summary>Accuracy and mean loss on the test split.</summary>
    public (double Accuracy, double Loss) Evaluate(ModelState state)
    {
        var half = (_test.Count + 1) / 2;
        var parts = new[] { _test.At([.. Enumerable.Range(0, half)]), _test.At([.. Enumerable.Range(half, _test.Count - half)]) };
        var results = new (int Correct, double Loss)[parts.Length];
        Parallel.For(0, parts.Length, p =>
        {
            var features = Runtime.Features(parts[p].Sequences, state.Theta);
            var head = new SoftmaxHead(Classes, state.FeatureMean, state.FeatureScale, state.Head);
            var logits = head.Logits(features);
            var labels = parts[p].Targets.Cast<ClassTarget>().Select(target => target.Class).ToArray();
            results[p] = (SoftmaxLoss.Predictions(logits, Classes).Zip(labels).Count(pair => pair.First == pair.Second), SoftmaxLoss.Losses(logits, labels, Classes).Sum());
        });
        return (results.Sum(r => r.Correct) / (double)_test.Count, results.Sum(r => r.Loss) / _test.Count);
    }

    public void Dispose() => Runtime.Dispose();

    private static LocalExamples Tokenise(DataSet<LabelledText> data, LabelIndex labels, ITokenizer tokenizer, int limit, int maxTokens)
        => new([.. data.Rows.Take(limit).Select(row => new TokenSequence(tokenizer.Encode(row.Text, maxTokens)))], [.. labels.Encode(data).Take(limit)]);
}
