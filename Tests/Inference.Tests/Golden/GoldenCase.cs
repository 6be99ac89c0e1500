using System.Text.Json;
using FwdLLM.Modeling.Architectures;

namespace FwdLLM.Tests.Inference;

/// <summary>One folder of the reference data, by what its case.json says.</summary>
internal sealed class GoldenCase
{
    private readonly string _group;

    public GoldenCase(string group, string name)
    {
        (_group, Name) = (group, name);
        using var document = JsonDocument.Parse(File.ReadAllBytes(PathOf("case.json")));
        var root = document.RootElement;
        Task = root.GetProperty("kind").GetString()!;
        Base = root.TryGetProperty("base", out var path) ? new GoldenCase("arch", path.GetString()!.Split('/')[^1]) : this;
        Method = root.TryGetProperty("method", out var method) ? method.GetString()! : "";
        Trainable = root.TryGetProperty("trainable", out var trainable) ? [.. trainable.EnumerateArray().Select(tensor => tensor.GetProperty("key").GetString()!)] : [];
    }

    public string Name { get; }

    /// <summary>seqcls, base, qa or causal.</summary>
    public string Task { get; }

    /// <summary>The architecture case that an adapter case stands on; of an architecture case, itself.</summary>
    public GoldenCase Base { get; }

    public string Method { get; }

    /// <summary>Names of the trained tensors as the adapter's file has them.</summary>
    public IReadOnlyList<string> Trainable { get; }

    /// <summary>Names of the cases of a group; one empty name where the data is not there, so that a theory has something to skip.</summary>
    public static TheoryData<string> Names(string group)
    {
        var folder = Path.Combine(TestPaths.Golden, group);
        return Directory.Exists(folder) ? [.. Directory.GetDirectories(folder).Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal)] : [""];
    }

    /// <summary>Reads a case; skips the test, saying why, where its architecture is not known here.</summary>
    public static GoldenCase Require(string group, string name)
    {
        TestPaths.RequireGolden(group, name, "case.json");
        var golden = new GoldenCase(group, name);
        using var document = JsonDocument.Parse(File.ReadAllBytes(golden.Base.PathOf("model", "config.json")));
        var architecture = document.RootElement.GetProperty("model_type").GetString()!;
        Assert.SkipUnless(KnownArchitectures.Names.Contains(architecture), $"no architecture '{architecture}' is registered");
        return golden;
    }

    public string PathOf(params string[] parts) => TestPaths.RequireGolden([_group, Name, .. parts]);
}
