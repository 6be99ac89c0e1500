using System.Globalization;

namespace FwdLLM.Tests.Cluster;

/// <summary>Faults that silos make happen to themselves (docs/faults.md), and the folder in which they note that they have.</summary>
/// <param name="folder">Shared by all silos of a cluster.</param>
/// <param name="faults">Each of the form <c>point:action@round=N</c>.</param>
internal sealed class FaultPlanFiles(string folder, params IReadOnlyList<string> faults)
{
    public IReadOnlyList<string> Faults => faults;

    public string[] Options => ["--fault", string.Join(';', faults), "--fault-folder", folder];

    /// <summary>Which have happened, with the process and the time.</summary>
    public IReadOnlyDictionary<string, (int ProcessId, DateTimeOffset At)> Happened() =>
        faults.Where(fault => File.Exists(Note(fault))).ToDictionary(fault => fault, fault =>
        {
            var parts = File.ReadAllText(Note(fault)).Split(' ');
            return (int.Parse(parts[0], CultureInfo.InvariantCulture), DateTimeOffset.FromUnixTimeMilliseconds(long.Parse(parts[1], CultureInfo.InvariantCulture)));
        });

    private string Note(string fault) => Path.Combine(folder, $"{fault}.happened");
}
