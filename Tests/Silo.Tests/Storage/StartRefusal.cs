using FwdLLM.Silo.Storage;
using FwdLLM.Tests;

namespace FwdLLM.Silo.Tests.Storage;

/// <summary>A server or a connection that cannot be used is explained, and no password is told.</summary>
internal static class StartRefusal
{
    /// <summary>Opening the store fails with the message.</summary>
    public static async Task OnOpening(Func<IRecordStore> create, string message)
    {
        await using var store = create();
        var error = await Assert.ThrowsAsync<GrainStorageException>(() => store.OpenAsync(TestContext.Current.CancellationToken));

        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(TestServer.Password, error.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("wrong-one", error.ToString(), StringComparison.Ordinal);
    }

    /// <summary>The connection cannot even be read.</summary>
    public static void OfConnection(Func<IRecordStore> create, string message)
    {
        var error = Assert.Throws<ArgumentException>(() => create());

        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(TestServer.Password, error.ToString(), StringComparison.Ordinal);
    }
}
