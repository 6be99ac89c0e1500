using FwdLLM.Learning.Training;

namespace FwdLLM.Learning.Tests.Training;

public sealed class TrainerStateTests
{
    private static readonly AlgorithmOptions[] Recipes =
    [
        QuadraticFleet.Options with { Momentum = 0.9, Sampling = SamplingKind.Guided, MaxRounds = 3 },
        QuadraticFleet.Options with { Optimiser = OptimiserKind.Adam, Momentum = 0.9, MaxRounds = 3, Gate = GateKind.SplitHalf, MaxWaves = 3 },
        AlgorithmOptions.Reference with { CohortSize = 4, MaxRounds = 4 },
    ];

    public static TheoryData<int> All => [0, 1, 2];

    [Theory]
    [MemberData(nameof(All))]
    public void State_that_went_through_bytes_goes_on_to_the_same_bits(int recipe)
    {
        var trainer = new Trainer(QuadraticFleet.Context(Recipes[recipe]));
        var again = new Trainer(QuadraticFleet.Context(AlgorithmOptions.FromJson(Recipes[recipe].ToJson())));
        var states = new QuadraticFleet(trainer, 4).Run();
        for (var version = 0; version < states.Count; version++)
        {
            var bytes = states[version].ToBytes();
            var restored = ModelState.FromBytes(bytes);
            Assert.Equal(bytes, restored.ToBytes());
            Assert.Equal(states[version].AdapterSha256(), restored.AdapterSha256());
            Assert.Equal(trainer.Plan(states[version]), again.Plan(restored));
            Assert.Equal(trainer.Snapshot(states[version]).ToBytes(), ModelSnapshot.FromBytes(again.Snapshot(restored).ToBytes()).ToBytes());
            if (version + 1 < states.Count) Assert.Equal(states[version + 1].ToBytes(), new QuadraticFleet(again, 4).Round(restored).ToBytes());
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Round_leaves_the_state_it_starts_from_untouched(int recipe)
    {
        var fleet = new QuadraticFleet(new Trainer(QuadraticFleet.Context(Recipes[recipe])), 4);
        foreach (var state in fleet.Run().SkipLast(1))
        {
            var before = state.ToBytes();
            fleet.Round(state);
            Assert.Equal(before, state.ToBytes());
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Damaged_bytes_are_refused_as_such_or_read_but_never_fail_otherwise(int recipe)
    {
        var trainer = new Trainer(QuadraticFleet.Context(Recipes[recipe]));
        var fleet = new QuadraticFleet(trainer, 4);
        foreach (var state in fleet.Run().DistinctBy(state => state.Stage).ToList())
        {
            Damage(state.ToBytes(), bytes => ModelState.FromBytes(bytes));
            Damage(trainer.Snapshot(state).ToBytes(), bytes => ModelSnapshot.FromBytes(bytes));
            if (trainer.Plan(state) is { } plan) Damage(trainer.Reduce(state, plan, fleet.Answer(state, plan)).ToBytes(), bytes => RoundSums.FromBytes(bytes));
        }
    }

    [Fact]
    public void State_of_an_unknown_stage_is_refused_instead_of_read_as_complete()
    {
        var bytes = new Trainer(QuadraticFleet.Context(QuadraticFleet.Options)).Initial().ToBytes();
        bytes[12] = 99;
        Assert.Contains("stage is 99", Assert.Throws<InvalidDataException>(() => ModelState.FromBytes(bytes)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void State_of_another_format_version_says_which_one_this_build_reads()
    {
        var bytes = new Trainer(QuadraticFleet.Context(QuadraticFleet.Options)).Initial().ToBytes();
        bytes[4] = 7;
        Assert.Contains("version 7", Assert.Throws<InvalidDataException>(() => ModelState.FromBytes(bytes)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void State_of_version_1_is_read_as_one_without_exact_gradients()
    {
        var state = new Trainer(QuadraticFleet.Context(QuadraticFleet.Options)).Initial();
        var bytes = state.ToBytes();
        // The last number counts an empty report; the three before it are what version 1 did not have.
        byte[] old = [.. bytes[..^28], .. bytes[^4..]];
        old[4] = 1;
        var read = ModelState.FromBytes(old);
        Assert.Equal((0L, 0L, 1.0), (read.ProbeWorks, read.ExactWorks, read.NoiseRatio));
        Assert.Equal(bytes, read.ToBytes());
    }

    [Fact]
    public void State_with_impossible_counts_of_exact_gradients_is_refused()
    {
        var state = new Trainer(QuadraticFleet.Context(QuadraticFleet.Options)).Initial();
        Assert.Contains("exact gradients is 2", Assert.Throws<InvalidDataException>(() => ModelState.FromBytes((state with { ProbeWorks = 1, ExactWorks = 2 }).ToBytes())).Message, StringComparison.Ordinal);
        Assert.Contains("noise ratio is 1.5", Assert.Throws<InvalidDataException>(() => ModelState.FromBytes((state with { NoiseRatio = 1.5 }).ToBytes())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Stages_and_kinds_keep_their_persisted_numbers()
    {
        Assert.Equal("Statistics=1 HeadFit=2 Curvature=3 Probes=4 LastStatistics=5 LastHeadFit=6 Done=7", string.Join(' ', Enum.GetValues<TrainingStage>().Select(value => $"{value}={(byte)value}")));
        Assert.Equal("None=0 FeatureStatistics=1 HeadGradient=2 Curvature=3 Probes=4 ExactGradient=5", string.Join(' ', Enum.GetValues<WorkKind>().Select(value => $"{value}={(byte)value}")));
    }

    private static void Damage(byte[] bytes, Action<byte[]> read)
    {
        read(bytes);
        for (var length = 0; length < bytes.Length; length++)
        {
            var cut = bytes[..length];
            Assert.Throws<InvalidDataException>(() => read(cut));
        }

        Assert.Throws<InvalidDataException>(() => read([.. bytes, 0]));
        foreach (var mask in new byte[] { 0x01, 0x80, 0xFF })
            for (var i = 0; i < bytes.Length; i++)
            {
                bytes[i] ^= mask;
                var before = GC.GetAllocatedBytesForCurrentThread();
                try
                {
                    read(bytes);
                }
                catch (InvalidDataException e)
                {
                    Assert.NotEmpty(e.Message);
                }

                Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100_000 + (20 * bytes.Length));
                bytes[i] ^= mask;
            }
    }
}
