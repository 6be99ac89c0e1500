namespace FwdLLM.Cli.Settings;

/// <summary>Values as written, each with where it stands; what is set later wins.</summary>
public sealed class RawSettings
{
    private readonly Dictionary<string, RawValue> _values = new(StringComparer.Ordinal);

    /// <summary>The recipe's own options from a job file, by their name in snake_case.</summary>
    public Dictionary<string, RawValue> AlgorithmOptions { get; } = new(StringComparer.Ordinal);

    /// <summary>Names that are set.</summary>
    public IReadOnlyCollection<string> Names => _values.Keys;

    /// <summary>The value of a setting, or null.</summary>
    public RawValue? this[string name]
    {
        get => _values.GetValueOrDefault(name);
        set
        {
            if (value is null)
                _values.Remove(name);
            else
                _values[name] = value;
        }
    }
}
