namespace FwdLLM.Cli.Running;

/// <summary>A snapshot of a run. NaN and negative counts mean "not known yet".</summary>
public sealed record RunProgress
{
    /// <summary>Phase for people: "compiling", "head fit", "training", …</summary>
    public required string Phase { get; init; }

    /// <summary>Open round, from 0.</summary>
    public uint Round { get; init; }

    /// <summary>Open wave, from 0.</summary>
    public uint Wave { get; init; }

    /// <summary>Last reading of the gate.</summary>
    public double GateReading { get; init; } = double.NaN;

    /// <summary>What the gate holds it against.</summary>
    public double GateThreshold { get; init; } = double.NaN;

    /// <summary>Probes accepted so far.</summary>
    public long Probes { get; init; }

    /// <summary>Forward passes (of 8 examples) spent so far.</summary>
    public double Passes { get; init; }

    /// <summary>Forward passes allowed; 0 for no limit.</summary>
    public double MaxPasses { get; init; }

    /// <summary>Bytes all devices sent so far.</summary>
    public long BytesUp { get; init; }

    /// <summary>Bytes all devices received so far.</summary>
    public long BytesDown { get; init; }

    /// <summary>Devices at work.</summary>
    public int DevicesActive { get; init; }

    /// <summary>Late contributions so far.</summary>
    public long DevicesLate { get; init; }

    /// <summary>Missed assignments so far.</summary>
    public long DevicesDropped { get; init; }

    /// <summary>Last loss: held-out where known, else the devices' own.</summary>
    public double Loss { get; init; } = double.NaN;

    /// <summary>Name of the task's held-out figure.</summary>
    public string Metric { get; init; } = "accuracy";

    /// <summary>The task's held-out figure for the head alone.</summary>
    public double AccuracyHeadOnly { get; init; } = double.NaN;

    /// <summary>The task's last held-out figure.</summary>
    public double Accuracy { get; init; } = double.NaN;

    /// <summary>Time since the start.</summary>
    public TimeSpan Elapsed { get; init; }

    /// <summary>Time left by the stop rule and the speed so far; null when not known.</summary>
    public TimeSpan? TimeLeft { get; init; }

    /// <summary>Something the operator should read, or null.</summary>
    public string? Message { get; init; }
}
