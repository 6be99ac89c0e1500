using System.Globalization;
using FwdLLM.Learning.Profiling;

namespace FwdLLM.Cli.Views;

/// <summary>Numbers as people read them. Never throws; what is not known is a dash.</summary>
internal static class Quantity
{
    public const string Unknown = "–";

    private static readonly string[] Units = ["B", "kB", "MB", "GB", "TB"];

    /// <summary>A figure's name with spaces.</summary>
    public static string Name(string metric) => metric.Replace('_', ' ');

    /// <summary>A fraction as per cent, two digits after the point.</summary>
    public static string Percent(double? fraction) => fraction is { } value && double.IsFinite(value) ? string.Create(CultureInfo.InvariantCulture, $"{value * 100:0.00} %") : Unknown;

    /// <summary>Difference of two fractions in points.</summary>
    public static string Points(double? from, double? to) =>
        from is { } a && to is { } b && double.IsFinite(b - a) ? string.Create(CultureInfo.InvariantCulture, $"{(b - a) * 100:+0.00;-0.00;0.00} points") : Unknown;

    public static string Number(double? value, string format = "0.0000") => value is { } number && double.IsFinite(number) ? number.ToString(format, CultureInfo.InvariantCulture) : Unknown;

    /// <summary>A figure with its standard error, two digits and one.</summary>
    public static string Estimate(Estimate figure) => $"{Number(figure.Value, "0.0e-0")} ± {Number(figure.StandardError, "0e-0")}";

    public static string Count(double value) => Number(value, "#,0");

    /// <summary>Bytes in units of 1,000, as networks count.</summary>
    public static string Bytes(double? bytes)
    {
        if (bytes is not { } value || !double.IsFinite(value))
            return Unknown;
        var unit = 0;
        while (Math.Abs(value) >= 999.95 && unit < Units.Length - 1)
        {
            value /= 1000;
            unit++;
        }

        return string.Create(CultureInfo.InvariantCulture, $"{Math.Round(value, 1):0.#} {Units[unit]}");
    }

    public static string Duration(TimeSpan? time)
    {
        if (time is not { } value || value < TimeSpan.Zero)
            return Unknown;
        return value.TotalHours >= 1 ? string.Create(CultureInfo.InvariantCulture, $"{(long)value.TotalHours} h {value.Minutes:00} min")
            : value.TotalMinutes >= 1 ? string.Create(CultureInfo.InvariantCulture, $"{value.Minutes} min {value.Seconds:00} s")
            : string.Create(CultureInfo.InvariantCulture, $"{value.TotalSeconds:0.0} s");
    }
}
