namespace FwdLLM.Learning.Scheduling;

/// <summary>How many devices to invite so that enough answer.</summary>
public static class OverSelection
{
    /// <summary>Most invitations per device wanted.</summary>
    public const int MostPerDevice = 4;

    /// <summary>max(⌈cohort·factor⌉, ⌈⌈quorum·cohort⌉/(1 − drop-out)⌉), at most 4·cohort.</summary>
    /// <param name="cohort">Devices wanted, at least 1.</param>
    /// <param name="quorum">Fraction of the cohort that closes a wave, in (0, 1].</param>
    /// <param name="measuredDropOut">Fraction of invited devices that did not answer in time so far, in [0, 1].</param>
    /// <param name="factor">Invitations per device wanted when nobody drops out, in [1, 4].</param>
    /// <exception cref="ArgumentOutOfRangeException">A value outside its range.</exception>
    public static int Invitations(int cohort, double quorum, double measuredDropOut, double factor)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(cohort, 1);
        Require(quorum is > 0 and <= 1, quorum, nameof(quorum), "in (0, 1]");
        Require(measuredDropOut is >= 0 and <= 1, measuredDropOut, nameof(measuredDropOut), "in [0, 1]");
        Require(factor is >= 1 and <= MostPerDevice, factor, nameof(factor), "in [1, 4]");
        var most = (double)cohort * MostPerDevice;
        var planned = Up(cohort * factor);
        var needed = measuredDropOut < 1 ? Up(Up(quorum * cohort) / (1 - measuredDropOut)) : most;
        return (int)Math.Min(int.MaxValue, Math.Min(most, Math.Max(planned, needed)));
    }

    /// <summary>Ceiling that forgives rounding: 0.7·10 is 7, not 8.</summary>
    private static double Up(double value) => Math.Ceiling(value - 1e-9);

    private static void Require(bool condition, double value, string name, string range)
    {
        if (!condition) throw new ArgumentOutOfRangeException(name, value, $"Give a value {range}.");
    }
}
