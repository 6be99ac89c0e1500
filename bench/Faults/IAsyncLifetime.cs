namespace Xunit;

/// <summary>Stands in for xUnit's where the tests' process code runs in a benchmark.</summary>
internal interface IAsyncLifetime : IAsyncDisposable
{
    ValueTask InitializeAsync();
}
