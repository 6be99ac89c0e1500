using System.Globalization;
using FwdLLM.Learning.Random;

namespace FwdLLM.Cli.Settings;

/// <summary>How many of a run's devices compute exact gradients, and which.</summary>
public static class ExactOption
{
    /// <summary>Reads a number of devices, or with a decimal point a fraction of them, rounded to the nearest number (halves up).</summary>
    /// <exception cref="InputException">Neither.</exception>
    public static int Parse(string text, int devices)
    {
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count <= devices)
            return count;
        if (text.Contains('.', StringComparison.Ordinal) && double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var fraction) && fraction <= 1)
            return (int)Math.Round(fraction * devices, MidpointRounding.AwayFromZero);
        throw new InputException($"\"{text}\" is neither a number of devices from 0 to {devices} nor a fraction of them from 0.0 to 1.0.");
    }

    /// <summary>Numbers of the devices, from the run's seed alone.</summary>
    /// <param name="seed">The run's seed.</param>
    /// <param name="devices">Devices of the run.</param>
    /// <param name="count">How many of them compute exact gradients.</param>
    public static IReadOnlySet<int> Choose(ulong seed, int devices, int count) =>
        new CounterRandom(StreamKey.FromSeed(seed, "exact-devices"), new DirectionAddress(0, 0, 0)).Sample(devices, count).ToHashSet();
}
