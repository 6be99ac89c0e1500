using FwdLLM.Grains.Interfaces;

namespace FwdLLM.Tests.Grains;

public sealed class ProtocolVersionTests
{
    [Theory]
    [InlineData(0, ProtocolVersion.Current, ProtocolVersion.Current)] // A peer of one version.
    [InlineData(ProtocolVersion.Oldest, ProtocolVersion.Current, ProtocolVersion.Current)]
    [InlineData(ProtocolVersion.Oldest, ProtocolVersion.Current + 5, ProtocolVersion.Current)]
    [InlineData(0, ProtocolVersion.Current + 1, null)]
    [InlineData(ProtocolVersion.Current + 1, ProtocolVersion.Current + 2, null)]
    [InlineData(0, ProtocolVersion.Oldest - 1, null)]
    [InlineData(ProtocolVersion.Current + 1, ProtocolVersion.Current, null)]
    public void Newest_version_in_common_is_chosen(int oldest, int newest, int? chosen) => Assert.Equal(chosen, ProtocolVersion.InCommon(oldest, newest));
}
