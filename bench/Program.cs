using FwdLLM.Bench;
using FwdLLM.Bench.Learning;

// One benchmark per first argument; --short makes each small enough for every build.
var name = args.Length > 0 ? args[0] : "";
var rest = args.Skip(1).ToArray();
switch (name)
{
    case "estimators": return EstimatorBench.Run(rest);
    case "learning": return LearningBench.Run(new BenchArguments(rest));
    default:
        Console.Error.WriteLine($"'{name}' is no benchmark; give one of: estimators, learning.");
        return 2;
}
