namespace FwdLLM.Tests.Grains;

public sealed class JobTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Job_with_enough_devices_runs_all_rounds_and_ends()
    {
        await using var cluster = await TestCluster.Start(_folder.Database);
        await cluster.Job.Submit(TestCluster.Spec());
        await cluster.Enrol(4);
        var status = await cluster.RunToEnd(4);

        // Round 0 asks all 4 devices once; of rounds 1 to 6 (3 devices), the odd ones take two waves.
        Assert.Equal(7, status.Model!.Version);
        Assert.Equal(4 + 3 * 3 + 3 * 6, status.Contributions);
        Assert.Equal((3 * 3 + 3 * 6) * 4, status.Probes);
        Assert.Equal(0, status.RoundsLeft);
        Assert.True(status.Model.Report["loss"] < 3, $"loss {status.Model.Report["loss"]} of {QuadraticTraining.Loss(new float[4])}");
    }
}
