using System.Globalization;
using FwdLLM.Silo;

namespace FwdLLM.Bench.Load;

/// <summary>
/// The other side of <see cref="SiloProcess"/>: the Silo program as it is shipped, in a process whose entry assembly also has the echo grain.
/// A line "heap" on standard input is answered with the bytes that live after a collection.
/// </summary>
internal static class LoadSilo
{
    public const string Option = "--as-silo";
    public const string HeapCommand = "heap";

    public static int Run(string[] siloArguments)
    {
        _ = Task.Run(AnswerAsync);
        return SiloProgram.RunAsync(siloArguments, Console.Out, Console.Error).GetAwaiter().GetResult();
    }

    private static async Task AnswerAsync()
    {
        while (await Console.In.ReadLineAsync() is { } line)
        {
            if (line != HeapCommand)
                continue;
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            GC.WaitForPendingFinalizers();
            await Console.Out.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{HeapCommand} {GC.GetTotalMemory(forceFullCollection: true)}"));
        }

        Environment.Exit(1); // The benchmark is gone; nobody else would end this process.
    }
}
