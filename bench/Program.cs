using FwdLLM.Bench;
using FwdLLM.Bench.Billion;
using FwdLLM.Bench.Faults;
using FwdLLM.Bench.Load;
using FwdLLM.Bench.Memory;
using FwdLLM.Bench.Profile;
using FwdLLM.Bench.Ridge;
using FwdLLM.Bench.SmolLm;
using FwdLLM.Cli;
using FwdLLM.DeviceAgent.Data;
using FwdLLM.Inference;
using FwdLLM.Modeling.Checkpoints;

Benchmark[] benchmarks =
[
    new("estimators", "directions rebuilt and summed on the server: terms per second on one core", EstimatorBench.Options, EstimatorBench.Run),
    new("device-cost", "time and memory of training on a device against plain inference", DeviceCostBench.Options, DeviceCostBench.Run),
    new("precision", "time per direction and fidelity of the derivatives for each format of the weights", PrecisionBench.Options, PrecisionBench.Run),
    new("memory", "peak memory by method: inference, forward gradients, backpropagation, PyTorch", MemoryBench.Options, MemoryBench.Run),
    new("billion", "memory and time of a device with a LLaMA-7B in 4 bits", BillionBench.Options, BillionBench.Run),
    new("smollm", "a causal model in 4 bits learns a task through a prompt", SmolLmBench.Options, SmolLmBench.Run),
    new("bytes", "bytes on a device's socket per contribution, probe, check-in and snapshot", BytesBench.Options, BytesBench.Run),
    new("load", "contributions per second, latency and memory with thousands of devices on real silos", LoadBench.Options, LoadBench.Run),
    new("faults", "time from a fault until the round makes progress again, by point and storage", RecoveryBench.Options, RecoveryBench.Run),
    new("chaos", "a job whose silos, agents and messages fail all the time: ends, exactly once, replays", ChaosBench.Options, ChaosBench.Run),
    new("compaction", "accuracy that the compact model costs", CompactionBench.Options, CompactionBench.Run),
    new("learning", "accuracy against forward passes, without a cluster", LearningDefaults.Options, LearningDefaults.Run),
    new("ridge", "how much the head should shrink, by cross-validation on training rows", RidgeBench.Options, RidgeBench.Run),
    new("profile", "rank correlation of the profiler's η with what short runs gain", ProfileBench.Options, ProfileBench.Run),
];

var name = args.Length > 0 ? args[0] : "";
var rest = args.Skip(1).ToArray();
if (name is "--help" or "-h")
{
    Console.WriteLine("Benchmarks. Each prints Markdown to standard output; committed results are in bench/results.\n\nUsage: dotnet run -c Release --project bench -- NAME [OPTIONS]\n");
    foreach (var known in benchmarks)
        Console.WriteLine($"  {known.Name,-12} {known.Summary}");
    Console.WriteLine("\nNAME --help shows a benchmark's options; every one knows --short, a run of seconds that only shows it works.");
    return 0;
}

if (Array.Find(benchmarks, known => known.Name == name) is not { } benchmark)
{
    Console.Error.WriteLine($"{(name.Length == 0 ? "No benchmark is named" : $"\"{name}\" is no benchmark")}; give one of: {string.Join(", ", benchmarks.Select(known => known.Name))}, or --help.");
    return 2;
}

if (rest.Contains("--help") || rest.Contains("-h"))
{
    Console.WriteLine($"{benchmark.Name}: {benchmark.Summary}.\n\nUsage: dotnet run -c Release --project bench -- {benchmark.Name} [OPTIONS]\n\n  --short  A run of seconds that only shows the benchmark works.\n{benchmark.Options}");
    return 0;
}

try
{
    return benchmark.Run(new BenchArguments(rest));
}
catch (Exception e) when (e is ArgumentException or CheckpointException or DataException or InferenceException or InputException or IOException)
{
    Console.Error.WriteLine($"{benchmark.Name}: {e.Message}");
    return 2;
}
