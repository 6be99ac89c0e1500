using System.Globalization;
using FwdLLM.Grains;

namespace FwdLLM.Silo.Faults;

/// <summary>One fault: where, what, and from when on in which job. It happens once; only a note is taken every time.</summary>
/// <param name="Text">As it was given.</param>
/// <param name="Point">Where.</param>
/// <param name="Action">What.</param>
/// <param name="Amount">Milliseconds, of the actions that have a length.</param>
/// <param name="FromRound">First round in which it may happen.</param>
/// <param name="JobId">Job it is for; null for any.</param>
/// <param name="OnceArmed">Not before somebody has put a file of its name with the ending <c>.armed</c> into the fault folder.</param>
internal sealed record PlannedFault(string Text, FaultPoint Point, FaultAction Action, int Amount, uint FromRound, string? JobId, bool OnceArmed)
{
    /// <summary>Longest storage fault in milliseconds.</summary>
    private const int MostAmount = 600_000;

    /// <summary>Reads <c>point:action[=milliseconds][@round=N][@job=ID][@armed]</c>, several with ';' between.</summary>
    /// <exception cref="ArgumentException">Names the part that is wrong and what is allowed.</exception>
    public static IReadOnlyList<PlannedFault> Parse(string plan) =>
        [.. plan.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(ParseOne)];

    private static PlannedFault ParseOne(string text)
    {
        var parts = text.Split('@');
        var what = parts[0].Split(':');
        if (what.Length != 2) throw new ArgumentException($"fault '{text}' is not of the form point:action[=milliseconds][@round=N][@job=ID][@armed].");
        var action = what[1].Split('=');
        var amount = action.Length == 1 ? 0 : Number(action[1], text, MostAmount);
        var (round, job, armed) = (0, (string?)null, false);
        foreach (var condition in parts[1..])
        {
            var pair = condition.Split('=');
            if (pair is ["round", var number]) round = Number(number, text, int.MaxValue);
            else if (pair is ["job", var id]) job = id;
            else if (pair is ["armed"]) armed = true;
            else throw new ArgumentException($"'{condition}' in the fault '{text}' is not a condition; give round=N, job=ID or armed.");
        }

        return new PlannedFault(text, Name<FaultPoint>(what[0], text), Name<FaultAction>(action[0], text), amount, (uint)round, job, armed);
    }

    private static T Name<T>(string name, string text)
        where T : struct, Enum
    {
        foreach (var value in Enum.GetValues<T>())
            if (Kebab(value.ToString()) == name) return value;
        throw new ArgumentException($"'{name}' in the fault '{text}' is not known; give one of {string.Join(", ", Enum.GetNames<T>().Select(Kebab))}.");
    }

    private static int Number(string text, string fault, int most) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= most
            ? number
            : throw new ArgumentException($"'{text}' in the fault '{fault}' is not a whole number from 0 to {most}.");

    private static string Kebab(string name) =>
        string.Concat(name.Select((letter, at) => char.IsUpper(letter) ? $"{(at == 0 ? "" : "-")}{char.ToLowerInvariant(letter)}" : $"{letter}"));
}
