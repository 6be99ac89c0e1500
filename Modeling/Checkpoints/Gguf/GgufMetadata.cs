using System.Globalization;

namespace FwdLLM.Modeling.Checkpoints.Gguf;

/// <summary>A GGUF file's metadata, with access by the kind that is expected.</summary>
public sealed class GgufMetadata
{
    private readonly string _path;

    internal GgufMetadata(string path, IReadOnlyDictionary<string, GgufValue> values)
    {
        _path = path;
        Values = values;
    }

    /// <summary>Every value by its key.</summary>
    public IReadOnlyDictionary<string, GgufValue> Values { get; }

    /// <summary>A text, or null where there is none.</summary>
    /// <exception cref="CheckpointException">The value is of another kind.</exception>
    public string? FindText(string key) => Find<string>(key, "a text");

    /// <summary>A flag, or null where there is none.</summary>
    /// <exception cref="CheckpointException">The value is of another kind.</exception>
    public bool? FindFlag(string key) => Values.TryGetValue(key, out var value)
        ? value.Content is bool flag ? flag : throw Unexpected(key, value, "a flag")
        : null;

    /// <summary>An integer of any width from <paramref name="minimum"/> to 2³¹ − 1, or null where there is none.</summary>
    /// <exception cref="CheckpointException">The value is of another kind, or out of range.</exception>
    public int? FindInteger(string key, int minimum = 0)
    {
        if (!Values.TryGetValue(key, out var value))
            return null;
        Int128 number = value.Content switch
        {
            byte number8 => number8,
            sbyte number8 => number8,
            ushort number16 => number16,
            short number16 => number16,
            uint number32 => number32,
            int number32 => number32,
            ulong number64 => number64,
            long number64 => number64,
            _ => throw Unexpected(key, value, "one whole number"),
        };
        return number >= minimum && number <= int.MaxValue
            ? (int)number
            : throw new CheckpointException($"{_path}: metadata '{key}' is {number}; a number from {minimum} to {int.MaxValue} is expected. Convert the model again.");
    }

    /// <summary>A finite number of either float kind, rounded to single precision, or null where there is none.</summary>
    /// <exception cref="CheckpointException">The value is of another kind, or not finite.</exception>
    public float? FindNumber(string key)
    {
        if (!Values.TryGetValue(key, out var value))
            return null;
        var number = value.Content switch
        {
            float single => single,
            double wide => (float)wide,
            _ => throw Unexpected(key, value, "a float"),
        };
        return float.IsFinite(number)
            ? number
            : throw new CheckpointException($"{_path}: metadata '{key}' is {number.ToString(CultureInfo.InvariantCulture)}; a finite number is expected. Convert the model again.");
    }

    /// <summary>A list of texts, or null where there is none.</summary>
    /// <exception cref="CheckpointException">The value is of another kind.</exception>
    public string[]? FindTexts(string key) => Find<string[]>(key, "a list of texts");

    /// <summary>A list of 32-bit integers, or null where there is none.</summary>
    /// <exception cref="CheckpointException">The value is of another kind.</exception>
    public int[]? FindIntegers(string key) => Find<int[]>(key, "a list of 32-bit integers");

    /// <summary>A list of single-precision floats, or null where there is none.</summary>
    /// <exception cref="CheckpointException">The value is of another kind.</exception>
    public float[]? FindNumbers(string key) => Find<float[]>(key, "a list of 32-bit floats");

    internal CheckpointException Missing(string key) =>
        new($"{_path} has no metadata '{key}'; convert the model again with a current converter.");

    internal CheckpointException Refused(string what) => new($"{_path} {what}");

    private T? Find<T>(string key, string expected) where T : class => Values.TryGetValue(key, out var value)
        ? value.Content as T ?? throw Unexpected(key, value, expected)
        : null;

    private CheckpointException Unexpected(string key, GgufValue value, string expected) =>
        new($"{_path}: metadata '{key}' is {value.KindText} where {expected} is expected; convert the model again with a current converter.");
}
