using FwdLLM.Grains;
using FwdLLM.Grains.Interfaces;
using FwdLLM.Learning.Training;

namespace FwdLLM.Tests.Grains;

public sealed class JobTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Job_with_enough_devices_runs_all_rounds_and_can_be_replayed_from_its_journal()
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
        Assert.Equal(1, status.HeadOnly!.Version);
        Assert.Equal(7, status.Evaluations[^1].Version);

        var (model, chain) = await Replay(cluster);
        Assert.Equal(status.Model.AdapterSha256, model.AdapterSha256);
        Assert.Equal(status.Model.JournalHash, chain);
    }

    [Fact]
    public async Task Paused_job_stops_after_the_open_round_and_continues_when_submitted_again()
    {
        await using var cluster = await TestCluster.Start(_folder.Database);
        await cluster.Job.Submit(TestCluster.Spec());
        await cluster.Enrol(4);
        await cluster.NextWork(0); // Round 0 is open.
        await cluster.Job.Pause();
        var work = Enumerable.Range(0, 4).Select(d => cluster.Work(d)).ToArray();
        var paused = await cluster.WaitFor(s => s.Phase == JobPhase.Paused);
        Assert.Equal(1, (await cluster.Model.GetHeader()).Version);
        Assert.Equal(4, paused.Contributions);

        await cluster.Job.Submit(TestCluster.Spec());
        var status = await cluster.WaitFor(s => s.Phase == JobPhase.Finished);
        await Task.WhenAll(work);
        Assert.Equal(7, status.Model!.Version);
    }

    [Fact]
    public async Task Submit_checks_the_whole_spec_and_never_changes_it()
    {
        await using var cluster = await TestCluster.Start(_folder.Database);
        var bad = TestCluster.Spec(cohort: c => c with { Quorum = 0, OverSelection = 9 }) with { MaxTokens = 0 };
        var invalid = await Assert.ThrowsAsync<JobInvalidException>(() => cluster.Job.Submit(bad));
        Assert.Collection(
            invalid.Problems.Order(StringComparer.Ordinal),
            p => Assert.Contains("overSelection is 9", p, StringComparison.Ordinal),
            p => Assert.Contains("quorum is 0", p, StringComparison.Ordinal),
            p => Assert.Contains("maxTokens is 0", p, StringComparison.Ordinal));
        Assert.Equal(JobPhase.Unknown, (await cluster.Job.GetStatus(-1, TimeSpan.Zero)).Phase);

        await cluster.Job.Submit(TestCluster.Spec());
        var again = await cluster.Job.Submit(TestCluster.Spec());
        Assert.Equal(JobPhase.Waiting, again.Phase);
        await Assert.ThrowsAsync<JobConflictException>(() => cluster.Job.Submit(TestCluster.Spec(o => o with { Seed = 8 })));
    }

    [Theory]
    [InlineData(EstimatorKind.OneSided, false)]
    [InlineData(EstimatorKind.Central, false)]
    [InlineData(EstimatorKind.Jvp, true)]
    public void Model_that_rounds_activations_takes_no_finite_differences(EstimatorKind estimator, bool isValid)
    {
        var spec = TestCluster.Spec(o => o with { Estimator = estimator });
        Assert.Empty(JobSpecValidator.Problems(spec));
        var problems = JobSpecValidator.Problems(spec with { Model = spec.Model with { RoundsActivations = true } });
        Assert.Equal(isValid, problems.Count == 0);
        Assert.All(problems, problem => Assert.Contains("Use Jvp", problem, StringComparison.Ordinal));
    }

    private static async Task<(TrainingOverview Model, string Chain)> Replay(TestCluster cluster)
    {
        var training = new QuadraticTrainingFactory().Create(TestCluster.Spec());
        var (state, chain) = (training.Initial(), JournalChain.Start);
        for (uint round = 0; await cluster.Model.GetJournal(round) is { } entry; round++)
        {
            state = training.Step(state, entry.Order, [training.Reduce(state, entry.Order, entry.Contributions)]);
            chain = JournalChain.Next(chain, entry);
        }

        return (training.Plan(state), chain);
    }

    [Fact]
    public async Task Device_that_returns_as_the_other_kind_is_asked_for_what_it_can_do()
    {
        await using var cluster = await TestCluster.Start(_folder.Database);
        await cluster.Job.Submit(TestCluster.Spec(o => o with { CohortSize = 0 }, c => c with { ExpectedDevices = 2 }));
        Task<Welcome> Enrol(bool exact) => cluster.Device(0).Enrol(new Enrolment { Protocol = ProtocolVersion.Current, JobId = "job", Examples = 8, Exact = exact });
        await Enrol(exact: true);
        await cluster.Enrol(1, from: 1);
        var other = cluster.Work(1);
        await cluster.Device(0).Contribute(await cluster.Answer(await cluster.NextWork(0)));
        var work = await cluster.NextWork(0);
        Assert.Equal((byte)WorkKind.ExactGradient, work.Kind);

        await Enrol(exact: false);
        var fitted = await cluster.NextWork(0);
        Assert.Equal(((byte)WorkKind.Probes, work.Round, work.Wave, 4), (fitted.Kind, fitted.Round, fitted.Wave, fitted.ProbeCount));
        await Enrol(exact: true);
        Assert.Equal(work, await cluster.NextWork(0));

        // The roster of a fixed schedule still says exact; every later round asks for probes all the same.
        await Enrol(exact: false);
        var status = await cluster.RunToEnd(1);
        await other;
        Assert.Equal(0, status.Dropped);
    }

    [Fact]
    public async Task Job_of_exact_gradients_refuses_a_device_without_them()
    {
        await using var cluster = await TestCluster.Start(_folder.Database);
        await cluster.Job.Submit(TestCluster.Spec(o => o with { Estimator = EstimatorKind.Exact }));
        Task<Welcome> Enrol(bool exact) => cluster.Device(0).Enrol(new Enrolment { Protocol = ProtocolVersion.Current, JobId = "job", Examples = 8, Exact = exact });
        Assert.Contains("--exact", (await Enrol(exact: false)).Refusal, StringComparison.Ordinal);
        Assert.Null((await Enrol(exact: true)).Refusal);
    }
}
