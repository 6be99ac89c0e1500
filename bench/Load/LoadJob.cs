using FwdLLM.Bench.Measuring;
using FwdLLM.Grains.Interfaces;
using FwdLLM.Learning.Training;

namespace FwdLLM.Bench.Load;

/// <summary>Jobs of probes alone over all devices: the adapter of docs/decisions/0005 (d = 2,304), K = 16, one wave a round.</summary>
internal static class LoadJob
{
    public const int Probes = 16;

    private const int BatchSize = 8;

    public static JobSpec Create(string id, int devices, int rounds) => new()
    {
        Id = id,
        Model = ProbeModel.Reference,
        Labels = ["negative", "positive"],
        Algorithm = new AlgorithmOptions
        {
            HeadFirst = false,
            HeadLast = false,
            BlockScaling = false,
            CohortSize = 0,
            BatchSize = BatchSize,
            ProbesPerDevice = Probes,
            Gate = GateKind.None,
            MaxRounds = rounds,
        }.ToJson(),
        Cohort = new CohortSpec { ExpectedDevices = devices },
        EvaluateEvery = 0,
    };

    /// <summary>A contribution as these jobs have them, for calls beside a job.</summary>
    public static Contribution Example(uint round) => new()
    {
        Round = round,
        Wave = 0,
        ModelVersion = round,
        Examples = BatchSize,
        LossSum = BatchSize * 0.5f,
        Scalars = new byte[Probes * sizeof(float)],
        ElapsedMilliseconds = 1,
    };
}
