using Xunit.Sdk;
using Xunit.v3;

// Every test here starts processes of its own, up to fifty; side by side they would only wait for each other.
[assembly: Parallelization(Mode = ParallelMode.None)]
