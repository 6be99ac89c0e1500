using System.Net;
using FwdLLM.Grains;
using Microsoft.Extensions.Time.Testing;

namespace FwdLLM.Tests.Grains;

public sealed class UpheavalTests
{
    private readonly FakeTimeProvider _clock = new();
    private readonly Upheaval _upheaval;

    public UpheavalTests() => _upheaval = new Upheaval(_clock, silos: null!);

    [Fact]
    public void Change_is_noticed_when_it_happens_and_when_it_has_settled()
    {
        Change(SiloStatus.Dead);

        Assert.Equal((1, 0), (_upheaval.Noticed, _upheaval.Settled));
        _clock.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal((1, 0), (_upheaval.Noticed, _upheaval.Settled));
        Change(SiloStatus.Active);
        Assert.Equal((2, 0), (_upheaval.Noticed, _upheaval.Settled));
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal((3, 1), (_upheaval.Noticed, _upheaval.Settled));
        _clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal((4, 2), (_upheaval.Noticed, _upheaval.Settled));
    }

    [Theory]
    [InlineData(SiloStatus.Joining)]
    [InlineData(SiloStatus.ShuttingDown)]
    public void Silo_on_its_way_in_or_out_is_no_change_yet(SiloStatus status)
    {
        Change(status);
        _clock.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal((0, 0), (_upheaval.Noticed, _upheaval.Settled));
    }

    private void Change(SiloStatus status) => _upheaval.SiloStatusChangeNotification(SiloAddress.New(IPAddress.Loopback, 1, 1), status);
}
