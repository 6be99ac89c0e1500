namespace FwdLLM.Bench;

/// <summary>One benchmark by name.</summary>
/// <param name="Name">First argument of the command line.</param>
/// <param name="Summary">One line for the list.</param>
/// <param name="Options">Options, one a line, for its own help.</param>
/// <param name="Run">Measures, prints Markdown to standard output, and gives the exit code.</param>
internal sealed record Benchmark(string Name, string Summary, string Options, Func<BenchArguments, int> Run);
