using System.Globalization;

namespace FwdLLM.DeviceAgent.Faults;

/// <summary>Test equipment: how a bad network treats a device's messages. Each is a probability per message, from 0 to 1.</summary>
public sealed record MessageFaultOptions
{
    /// <summary>Seed of the choices.</summary>
    public int Seed { get; init; }

    /// <summary>The message arrives later, by up to <see cref="Longest"/>.</summary>
    public double Delay { get; init; }

    /// <summary>The message arrives, and again up to <see cref="Longest"/> later.</summary>
    public double Duplicate { get; init; }

    /// <summary>The message never arrives.</summary>
    public double LoseRequest { get; init; }

    /// <summary>The message arrives, its answer does not.</summary>
    public double LoseAnswer { get; init; }

    /// <summary>The device gives the message up, and it arrives behind those that it sends then, up to <see cref="Longest"/> later.</summary>
    public double Reorder { get; init; }

    /// <summary>Some contribution that the device handed in long ago arrives once more.</summary>
    public double Replay { get; init; }

    /// <summary>Longest delay.</summary>
    public TimeSpan Longest { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Kills the process when a result of this round, or of a later one, has been computed and not yet handed in; null for never.</summary>
    public uint? KillAtRound { get; init; }

    /// <summary>Reads <c>name=value,…</c>, for example <c>seed=3,delay=0.1,duplicate=0.1,longest=500</c> (milliseconds).</summary>
    /// <exception cref="ArgumentException">Names the part that is wrong and what is allowed.</exception>
    public static MessageFaultOptions Parse(string text)
    {
        var options = new MessageFaultOptions();
        foreach (var part in text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var (name, value) = part.Split('=') is [var left, var right] ? (left, right) : throw new ArgumentException($"the message fault '{part}' is not of the form name=value.");
            options = name switch
            {
                "seed" => options with { Seed = Whole(value, part) },
                "delay" => options with { Delay = Probability(value, part) },
                "duplicate" => options with { Duplicate = Probability(value, part) },
                "lose-request" => options with { LoseRequest = Probability(value, part) },
                "lose-answer" => options with { LoseAnswer = Probability(value, part) },
                "reorder" => options with { Reorder = Probability(value, part) },
                "replay" => options with { Replay = Probability(value, part) },
                "longest" => options with { Longest = TimeSpan.FromMilliseconds(Whole(value, part)) },
                "kill-at-round" => options with { KillAtRound = (uint)Whole(value, part) },
                _ => throw new ArgumentException($"the message fault '{part}' is not known; give seed, delay, duplicate, lose-request, lose-answer, reorder, replay, longest or kill-at-round."),
            };
        }

        return options;
    }

    private static int Whole(string text, string part) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : throw new ArgumentException($"the message fault '{part}' needs a whole number.");

    private static double Probability(string text, string part) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) && number <= 1
            ? number
            : throw new ArgumentException($"the message fault '{part}' needs a number from 0 to 1.");
}
