namespace FwdLLM.Tests.Cluster;

/// <summary>Faults that silos make happen to themselves (docs/faults.md), and the folder in which they note that they have.</summary>
/// <param name="folder">Shared by all silos of a cluster.</param>
/// <param name="faults">Each of the form <c>point:action@round=N</c>.</param>
internal sealed class FaultPlanFiles(string folder, params IReadOnlyList<string> faults)
{
    public IReadOnlyList<string> Faults => faults;

    public string[] Options => ["--fault", string.Join(';', faults), "--fault-folder", folder];

    /// <summary>Which have happened, with the process, the time and the round.</summary>
    public IReadOnlyDictionary<string, FaultNote> Happened() =>
        faults.Select(fault => (Fault: fault, Text: TextOf(fault))).Where(one => one.Text.Length > 0).ToDictionary(one => one.Fault, one => FaultNote.Parse(one.Text));

    /// <summary>Every time that a fault of the kind <c>point:note</c> was reached, oldest first.</summary>
    public IReadOnlyList<FaultNote> Noted(string fault) =>
        [.. Directory.EnumerateFiles(folder, $"{fault}.*.noted").SelectMany(File.ReadLines).Select(FaultNote.Parse).OrderBy(note => note.At)];

    /// <summary>Lets a fault of the kind <c>point:action@armed</c> happen from now on.</summary>
    public void Arm(string fault) => File.Create(FileOf(fault, "armed")).Dispose();

    // Empty before it has happened, and while the silo is writing.
    private string TextOf(string fault) => File.Exists(FileOf(fault, "happened")) ? File.ReadAllText(FileOf(fault, "happened")) : "";

    private string FileOf(string fault, string ending) => Path.Combine(folder, $"{fault}.{ending}");
}
