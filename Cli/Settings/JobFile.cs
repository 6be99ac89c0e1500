using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace FwdLLM.Cli.Settings;

/// <summary>
/// A job file: a YAML mapping of <see cref="SettingKey"/> names to plain values, and the recipe's options under <c>algorithm_options</c>.
/// Read event by event: no anchors, tags or deeper nesting, so no document can unfold.
/// </summary>
public static class JobFile
{
    private const int MaxBytes = 1 << 20;

    /// <summary>Reads a file. Relative paths in it are relative to its folder.</summary>
    /// <exception cref="InputException">Names every unknown or repeated key, or the line that is not such a mapping.</exception>
    public static RawSettings Read(string path)
    {
        var file = new FileInfo(path);
        if (!file.Exists)
            throw new InputException($"the job file {path} does not exist; check the path.");
        if (file.Length > MaxBytes)
            throw new InputException($"the job file {path} has {file.Length} bytes; {MaxBytes} is the limit.");
        var reader = new JobFileReader(path);
        try
        {
            using var text = file.OpenText();
            reader.Read(new Parser(text));
        }
        catch (YamlException e)
        {
            throw new InputException($"{path}, line {e.Start.Line}: not YAML: {e.Message}");
        }

        if (reader.Errors.Count > 0)
            throw new InputException(reader.Errors);
        return reader.Settings;
    }

    private sealed class JobFileReader(string path)
    {
        private static readonly string[] Keys = [.. SettingKey.All.Select(key => key.Name), SettingKey.AlgorithmOptions];
        private static readonly string[] Paths = ["model", "train", "test", "out"];

        public RawSettings Settings { get; } = new();

        public List<string> Errors { get; } = [];

        public void Read(Parser parser)
        {
            parser.Consume<StreamStart>();
            if (parser.Accept<StreamEnd>(out _))
                throw new InputException($"{path} is empty; give at least one setting, for example devices: 50.");
            parser.Consume<DocumentStart>();
            if (!parser.TryConsume<MappingStart>(out _))
                throw new InputException($"{path}, line {parser.Current!.Start.Line}: not a mapping; write settings as key: value, for example devices: 50.");
            ReadMapping(parser, inAlgorithm: false);
            parser.Consume<DocumentEnd>();
            if (!parser.Accept<StreamEnd>(out _))
                Errors.Add($"{path}, line {parser.Current!.Start.Line}: a second document; keep one job in a file.");
        }

        private void ReadMapping(Parser parser, bool inAlgorithm)
        {
            var seen = new HashSet<string>(StringComparer.Ordinal);
            while (!parser.TryConsume<MappingEnd>(out _))
            {
                var key = ReadScalar(parser, "key");
                var where = $"{path}, line {key.Start.Line}";
                if (!seen.Add(key.Value))
                    Errors.Add($"{where}: {key.Value} stands twice; keep one.");
                if (!inAlgorithm && key.Value == SettingKey.AlgorithmOptions && parser.TryConsume<MappingStart>(out _))
                    ReadMapping(parser, inAlgorithm: true);
                else if (inAlgorithm)
                    ReadAlgorithmOption(key.Value, where, ReadScalar(parser, key.Value));
                else
                    ReadSetting(key.Value, where, ReadScalar(parser, key.Value));
            }
        }

        private void ReadSetting(string key, string where, Scalar value)
        {
            if (key == SettingKey.AlgorithmOptions)
                Errors.Add($"{where}: {key} is \"{value.Value}\"; write its options indented below it, one a line.");
            else if (!Keys.Contains(key))
                Errors.Add($"{where}: the key {key} is not known; {NearestName.Suggest(key, Keys)}");
            else if (Paths.Contains(key) && value.Value.Length > 0)
                Settings[key] = new RawValue(Path.Combine(Path.GetDirectoryName(Path.GetFullPath(path))!, value.Value), $"{where}: {key}");
            else
                Settings[key] = new RawValue(value.Value, $"{where}: {key}");
        }

        private void ReadAlgorithmOption(string key, string where, Scalar value)
        {
            if (AlgorithmOption.Elsewhere.TryGetValue(key, out var setting))
                Errors.Add($"{where}: {key} is set at the top of the file, as {setting}: {value.Value}");
            else if (!AlgorithmOption.Names.Contains(key))
                Errors.Add($"{where}: {SettingKey.AlgorithmOptions} has no {key}; {NearestName.Suggest(key, AlgorithmOption.Names)}");
            else
                Settings.AlgorithmOptions[key] = new RawValue(value.Value, $"{where}: {key}");
        }

        private Scalar ReadScalar(Parser parser, string what)
        {
            if (!parser.Accept<Scalar>(out var scalar))
                throw new InputException($"{path}, line {parser.Current!.Start.Line}: the value of {what} is a list, a mapping or an alias; write a plain value.");
            parser.MoveNext();
            return scalar;
        }
    }
}
