using System.Net;
using System.Net.Sockets;
using FwdLLM.Silo.Membership;

namespace FwdLLM.Silo.Tests.Membership;

/// <summary>On real sockets: what a kernel refuses, and what it does not.</summary>
public sealed class RefusedPortTests : IDisposable
{
    private static readonly TimeSpan Length = TimeSpan.FromMilliseconds(40);

    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    public RefusedPortTests() => _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));

    public void Dispose() => _listener.Dispose();

    [Fact]
    public async Task Port_at_which_nobody_listens_stays_refused() => Assert.True(await StaysRefusedAsync());

    [Fact]
    public async Task Port_of_a_process_that_accepts_nothing_is_not_refused()
    {
        _listener.Listen(1);

        Assert.False(await StaysRefusedAsync());
    }

    [Fact]
    public async Task Port_whose_queue_is_full_is_not_refused()
    {
        _listener.Listen(1);
        var waiting = Enumerable.Range(0, 8).Select(_ => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { Blocking = false }).ToList();
        foreach (var socket in waiting)
            Assert.Equal(SocketError.WouldBlock, Assert.Throws<SocketException>(() => socket.Connect(_listener.LocalEndPoint!)).SocketErrorCode);

        Assert.False(await StaysRefusedAsync());
        waiting.ForEach(socket => socket.Dispose());
    }

    [Fact]
    public async Task Port_that_is_open_for_a_last_moment_is_refused_all_the_same()
    {
        // Nothing runs between the connection that is accepted and the end of the listener: the kernel's queue alone has taken it.
        _listener.Listen(1);
        var asking = StaysRefusedAsync();
        using (await _listener.AcceptAsync(TestContext.Current.CancellationToken)) _listener.Dispose();

        Assert.True(await asking);
    }

    [Fact]
    public async Task Whoever_gives_up_is_let_go()
    {
        using var gone = new CancellationTokenSource();
        await gone.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => RefusedPort.StaysAsync((IPEndPoint)_listener.LocalEndPoint!, Length, TimeProvider.System, gone.Token));
    }

    private Task<bool> StaysRefusedAsync() =>
        RefusedPort.StaysAsync((IPEndPoint)_listener.LocalEndPoint!, Length, TimeProvider.System, TestContext.Current.CancellationToken);
}
