using System.Text.Json;
using System.Text.Json.Serialization;

namespace FwdLLM.Learning.Training;

/// <summary>How a device measures directional derivatives.</summary>
public enum EstimatorKind
{
    /// <summary>Exact Jacobian–vector products from the dual-number graph.</summary>
    Jvp,

    /// <summary>(L(θ+εv) − L(θ))/ε in fp32: K+1 passes for K probes.</summary>
    OneSided,

    /// <summary>(L(θ+εv) − L(θ−εv))/2ε in fp32: 2K passes for K probes.</summary>
    Central,

    /// <summary>⟨∇L, v⟩ from the backpropagated gradient: the same scalars as <see cref="Jvp"/> up to rounding, at a fraction of the time. For benchmarks only: a device that could do this needs no forward gradients.</summary>
    Oracle,

    /// <summary>What <see cref="Central"/> tends to as ε → 0, from the backpropagated gradient, with the passes counted as those of <see cref="Central"/>. For benchmarks only.</summary>
    CentralLimit,

    /// <summary>No probes: every device answers with the backpropagated gradient of its batch (<see cref="WorkKind.ExactGradient"/>), and a device that cannot is not welcome.</summary>
    Exact,
}

/// <summary>Distribution of a direction's coordinates.</summary>
public enum DirectionKind
{
    /// <summary>±1 with equal probability.</summary>
    Rademacher,

    /// <summary>Standard normal.</summary>
    Gaussian,
}

/// <summary>How the round's gate decides that a pooled estimate is good enough.</summary>
public enum GateKind
{
    /// <summary>One wave a round.</summary>
    None,

    /// <summary>Dimensionless split-half agreement over the whole estimate.</summary>
    SplitHalf,

    /// <summary>FwdLLM's: half-split variance of one block against an absolute threshold.</summary>
    Reference,
}

/// <summary>How an estimate becomes a step.</summary>
public enum OptimiserKind
{
    /// <summary>Step of prescribed length along the (momentum-averaged) estimate.</summary>
    Normalised,

    /// <summary>Adam (Kingma and Ba, arXiv 1412.6980).</summary>
    Adam,

    /// <summary>Plain gradient descent.</summary>
    Sgd,
}

/// <summary>How the step size changes over a job.</summary>
public enum StepSchedule
{
    /// <summary>Constant.</summary>
    Constant,

    /// <summary>Half a cosine from 1 to 0 over the job.</summary>
    Cosine,

    /// <summary>Linear from 1 to 0 over the job.</summary>
    Linear,
}

/// <summary>How directions are chosen.</summary>
public enum SamplingKind
{
    /// <summary>Independent draws.</summary>
    Plain,

    /// <summary>FwdLLM's discriminative sampling: of ten candidates per probe and block, those with the highest signed cosine to the last step, in every second round. Biased.</summary>
    SignedCosine,

    /// <summary>Its unbiased successor: one probe of each device measures along the last step exactly, the others explore its complement.</summary>
    Guided,
}

/// <summary>The learning recipe, complete. Every part can be switched off to measure what it is worth.</summary>
public sealed record AlgorithmOptions
{
    /// <summary>Name of the preset this started from: <c>default</c> or <c>fwdllm-reference</c>.</summary>
    public string Name { get; init; } = "default";

    /// <summary>Seed of every random choice in the job.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Fit the head exactly before the adapter moves.</summary>
    public bool HeadFirst { get; init; } = true;

    /// <summary>Gradient evaluations of a head fit.</summary>
    public int HeadIterations { get; init; } = 40;

    /// <summary>Ridge on the head's weights (standardised features, mean loss), times the number of classes C: the more classes, the less the loss curves along the weights of one, by (1 − 1/C)/C where the classes are equally likely.</summary>
    public double HeadRidge { get; init; } = 0.12;

    /// <summary>Refit the head at the end of the job: one more forward pass over the data.</summary>
    public bool HeadLast { get; init; } = true;

    /// <summary>The head's weights are part of θ and trained by probes (reference mode) instead of exactly.</summary>
    public bool HeadInTheta { get; init; }

    /// <summary>Subtract from the residuals in directional derivatives what the rest of the batch shows of their mean's noise. Unbiased.</summary>
    public bool CentredResiduals { get; init; } = true;

    /// <summary>Draw a device's batch in proportion to the size of its examples' residuals under the fitted head, and weight it back: what the head has settled costs no passes. Unbiased.</summary>
    public bool ImportanceSampling { get; init; }

    /// <summary>Scale each block by the inverse root of its curvature trace.</summary>
    public bool BlockScaling { get; init; } = true;

    /// <summary>Curvature probes per device when block scaling is on.</summary>
    public int CurvatureProbes { get; init; } = 8;

    /// <summary>Devices per round; 0 for all.</summary>
    public int CohortSize { get; init; } = 4;

    /// <summary>Examples in a device batch.</summary>
    public int BatchSize { get; init; } = 16;

    /// <summary>K, probes per device and wave.</summary>
    public int ProbesPerDevice { get; init; } = 64;

    /// <summary>Most waves in a round.</summary>
    public int MaxWaves { get; init; } = 1;

    /// <summary>Gate.</summary>
    public GateKind Gate { get; init; } = GateKind.SplitHalf;

    /// <summary>Split-half: the least agreement (cosine of the pooled estimate with the gradient, estimated) that closes a round. Reference: the largest variance.</summary>
    public double GateThreshold { get; init; } = 0.1;

    /// <summary>Estimator.</summary>
    public EstimatorKind Estimator { get; init; } = EstimatorKind.Jvp;

    /// <summary>ε of finite differences.</summary>
    public double Epsilon { get; init; } = 1e-4;

    /// <summary>Distribution of directions.</summary>
    public DirectionKind Directions { get; init; } = DirectionKind.Rademacher;

    /// <summary>Sampling of directions.</summary>
    public SamplingKind Sampling { get; init; } = SamplingKind.Plain;

    /// <summary>Optimiser.</summary>
    public OptimiserKind Optimiser { get; init; } = OptimiserKind.Normalised;

    /// <summary>Step length (normalised) or learning rate.</summary>
    public double LearningRate { get; init; } = 0.2;

    /// <summary>Probe rounds that <see cref="LearningRate"/> is meant for; a longer job's steps are shorter by the root of the ratio. 0: whatever the length.</summary>
    public int FullRateRounds { get; init; } = 200;

    /// <summary>Momentum β of the estimate's running mean; 0 for none.</summary>
    public double Momentum { get; init; }

    /// <summary>Schedule of the step.</summary>
    public StepSchedule Schedule { get; init; } = StepSchedule.Cosine;

    /// <summary>Stop after so many probe rounds.</summary>
    public int MaxRounds { get; init; } = 1000;

    /// <summary>Stop when so many forward passes (of 8 examples) are spent; 0 for no limit.</summary>
    public long MaxPasses { get; init; } = 25_000;

    /// <summary>The published algorithm as faithfully as this system can run it (facts and deviations: docs/reference-mode.md).</summary>
    public static AlgorithmOptions Reference { get; } = new()
    {
        Name = "fwdllm-reference",
        HeadFirst = false,
        HeadLast = false,
        HeadInTheta = true,
        CentredResiduals = false,
        BlockScaling = false,
        CohortSize = 10,
        BatchSize = 8,
        ProbesPerDevice = 5,
        MaxWaves = 20,
        Gate = GateKind.Reference,
        GateThreshold = 0.2,
        Estimator = EstimatorKind.Central,
        Epsilon = 0.01,
        Directions = DirectionKind.Gaussian,
        Sampling = SamplingKind.SignedCosine,
        Optimiser = OptimiserKind.Sgd,
        LearningRate = 0.01,
        FullRateRounds = 0,
        Schedule = StepSchedule.Constant,
    };

    private static readonly JsonSerializerOptions Json = new()
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower, allowIntegerValues: false) },
    };

    /// <summary>JSON with every member, stable order.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Json);

    /// <summary>Reads what <see cref="ToJson"/> wrote. Unknown members are errors.</summary>
    /// <exception cref="ArgumentException">Not JSON, an unknown member, or a value out of range.</exception>
    public static AlgorithmOptions FromJson(string json)
    {
        AlgorithmOptions options;
        try
        {
            options = JsonSerializer.Deserialize<AlgorithmOptions>(json, Json) ?? throw new ArgumentException("The algorithm is null; give a JSON object.", nameof(json));
        }
        catch (JsonException e)
        {
            throw new ArgumentException($"The algorithm cannot be read: {e.Message}", nameof(json), e);
        }

        options.Validate();
        return options;
    }

    /// <summary>Checks every value.</summary>
    /// <exception cref="ArgumentException">Names the option, its value and the allowed range.</exception>
    public void Validate()
    {
        Range(HeadIterations, 1, 1000);
        Range(HeadRidge, 0, 1e3);
        Range(CurvatureProbes, 1, 1024);
        Range(CohortSize, 0, 100_000_000);
        Range(BatchSize, 1, 4096);
        Range(ProbesPerDevice, 1, 4096);
        Range(MaxWaves, 1, 1000);
        Range(Epsilon, 1e-7, 1);
        Range(LearningRate, 0, 1e3);
        Range(FullRateRounds, 0, 1_000_000);
        Range(Momentum, 0, 0.9999);
        Range(MaxRounds, 0, 1_000_000);
        Range(MaxPasses, 0, long.MaxValue);
        if (!double.IsFinite(GateThreshold)) throw new ArgumentException($"gateThreshold is {GateThreshold}; give a finite number.");
        if (CentredResiduals && BatchSize < 2) throw new ArgumentException($"batchSize is {BatchSize}; centred residuals need at least 2 examples, or switch centredResiduals off.");
        if (ImportanceSampling && !HeadFirst) throw new ArgumentException("importanceSampling is on, but headFirst is off; the residuals come from the fitted head. Switch one of them.");
        if (Sampling == SamplingKind.Guided && Directions != DirectionKind.Rademacher) throw new ArgumentException("sampling is guided, but directions are Gaussian; guided sampling needs Rademacher directions.");
        if (Sampling == SamplingKind.Guided && ProbesPerDevice < 2) throw new ArgumentException($"probesPerDevice is {ProbesPerDevice}; guided sampling needs at least 2: one along the last step, the others across it.");
        if (HeadInTheta && HeadFirst) throw new ArgumentException("headInTheta and headFirst exclude each other; switch one off.");
    }

    private static void Range(double value, double low, double high, [System.Runtime.CompilerServices.CallerArgumentExpression(nameof(value))] string name = "")
    {
        if (!(value >= low && value <= high))
            throw new ArgumentException($"{JsonNamingPolicy.CamelCase.ConvertName(name)} is {value}; give a value from {low} to {high}.");
    }
}
