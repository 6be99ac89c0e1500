using FwdLLM.Modeling.Exports;

namespace FwdLLM.Cli.Settings;

/// <summary>Reads a list of export formats, separated by commas.</summary>
internal static class ExportOption
{
    /// <summary>What is written where nothing is named.</summary>
    public static IReadOnlyList<string> Default { get; } = [ExportFormats.Peft];

    /// <summary>Reads for example <c>peft,onnx</c>.</summary>
    /// <exception cref="InputException">A format is not known, or none is named.</exception>
    public static IReadOnlyList<string> Parse(string text)
    {
        var names = text.Split(',', StringSplitOptions.TrimEntries).Distinct().ToList();
        var errors = names.Where(name => !ExportFormats.Names.Contains(name))
            .Select(name => $"the export format \"{name}\" is not known; {NearestName.Suggest(name, [.. ExportFormats.Names])}").ToList();
        return errors.Count == 0 ? names : throw new InputException(errors);
    }
}
