using System.Text.Json.Nodes;
using FwdLLM.Learning.Profiling;

namespace FwdLLM.Cli.Profiling;

/// <summary>What came of a profile; with <c>--format json</c> this is standard output.</summary>
public sealed record ProfileReport
{
    /// <summary>Rows the head was fitted on.</summary>
    public required int Rows { get; init; }

    /// <summary>Examples that gradients were taken of.</summary>
    public required int Examples { get; init; }

    /// <summary>n.</summary>
    public required int BatchSize { get; init; }

    /// <summary>K of the cosines.</summary>
    public required int Probes { get; init; }

    /// <summary>Seed.</summary>
    public required ulong Seed { get; init; }

    /// <summary>Coordinates were scaled by blocks.</summary>
    public required bool BlockScaling { get; init; }

    /// <summary>Residuals were centred.</summary>
    public required bool CentredResiduals { get; init; }

    /// <summary>Rows of the file left out as bad.</summary>
    public required int SkippedRows { get; init; }

    /// <summary>Every candidate, highest η first.</summary>
    public required IReadOnlyList<CandidateProfile> Candidates { get; init; }

    /// <summary>One line of JSON. Names are an interface: they are added to, never changed; what is not known is null.</summary>
    public string ToJsonLine() => new JsonObject
    {
        ["best"] = Candidates[0].Adapter,
        ["rows"] = Rows,
        ["examples"] = Examples,
        ["batch_size"] = BatchSize,
        ["probes"] = Probes,
        ["seed"] = Seed,
        ["block_scaling"] = BlockScaling,
        ["centred_residuals"] = CentredResiduals,
        ["skipped_rows"] = SkippedRows,
        ["candidates"] = new JsonArray([.. Candidates.Select(Node)]),
    }.ToJsonString();

    private static JsonObject Node(CandidateProfile candidate)
    {
        var node = new JsonObject { ["adapter"] = candidate.Adapter, ["dimension"] = candidate.Dimension };
        Add("squared_gradient", candidate.SquaredGradient);
        Add("squared_batch_gradient", candidate.SquaredBatchGradient);
        Add("curvature_trace", candidate.Trace);
        Add("eta", candidate.Rate);
        Add("cosine", candidate.Cosine);
        node["seconds"] = Math.Round(candidate.Seconds, 3);
        return node;

        void Add(string name, Estimate estimate)
        {
            node[name] = Number(estimate.Value);
            node[name + "_se"] = Number(estimate.StandardError);
        }
    }

    private static JsonValue? Number(double value) => double.IsFinite(value) ? JsonValue.Create(value) : null;
}
