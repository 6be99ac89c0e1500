using CsCheck;
using FwdLLM.Grains;
using FwdLLM.Grains.Interfaces;
using FwdLLM.Learning.Training;

namespace FwdLLM.Tests.Grains;

public sealed class JournalPartTests
{
    private static readonly RoundOrder Order = new() { Round = 5, Kind = (byte)WorkKind.Probes, ModelVersion = 5, CohortSize = 100, BatchSize = 16, ProbesPerDevice = 16, MaxWaves = 2, Phase = "training" };

    private static readonly Gen<RecordedContribution> Anything =
        from device in Gen.String
        from numbers in Gen.UInt.Array[6]
        from counts in Gen.Int.Array[6]
        from version in Gen.Long.Array[3]
        from kind in Gen.Byte
        from loss in Gen.Single
        from scalars in Gen.Byte.Array[0, 80]
        from vector in Gen.Byte.Array[0, 20]
        from job in Gen.String
        select new RecordedContribution
        {
            DeviceId = WellFormed(device),
            Assignment = new Assignment { JobId = WellFormed(job), Round = numbers[0], Wave = numbers[1], Slot = numbers[2], Kind = kind, ModelVersion = version[0], FirstProbe = numbers[3], ProbeCount = counts[0], BatchSize = counts[1], Deadline = new TimeSpan(version[1]) },
            Contribution = new Contribution { Round = numbers[4], Wave = numbers[5], ModelVersion = version[2], Examples = counts[2], ForwardExamples = version[1], LossSum = loss, Correct = counts[3], Scalars = scalars, Vector = vector, ElapsedMilliseconds = counts[4] },
        };

    [Fact]
    public void Whatever_is_written_is_read_back() =>
        Anything.Array[0, 5].Sample(works => Assert.Equal(Describe(works), Describe(JournalPart.Read(Order, JournalPart.Write(Order, works)))), iter: 300);

    [Theory]
    [InlineData(16, 0, 92)]
    [InlineData(64, 0, 285)]
    [InlineData(0, 1560, 1590)]
    public void Contribution_of_a_round_takes_no_more_than_this(int probes, int vector, int most)
    {
        var order = Order with { ProbesPerDevice = probes };
        var size = JournalPart.Write(order, Works(order, 100, vector)).Length / 100.0;
        Assert.True(size <= most, $"{size} bytes a device-round");
    }

    [Fact]
    public void Any_changed_byte_of_a_part_is_an_error_that_names_the_round_or_other_contributions()
    {
        var works = Works(Order, 3, 7);
        var bytes = JournalPart.Write(Order, works);
        for (var i = 0; i < bytes.Length; i++)
        {
            var damaged = bytes.ToArray();
            damaged[i] ^= 0x11;
            try
            {
                // What the check does not cover: time measured, and what all share.
                var read = JournalPart.Read(Order, damaged);
                Assert.Equal(JournalChain.Next(JournalChain.Start, Record(works)), JournalChain.Next(JournalChain.Start, Record(read)));
            }
            catch (InvalidDataException e)
            {
                Assert.Contains("round 5", e.Message, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void Every_cut_of_an_entry_is_an_error()
    {
        var bytes = JournalParts.Inline(Record(Works(Order, 2, 3))).ToBytes();
        for (var length = 0; length < bytes.Length; length++)
            Assert.Contains("round 5 is damaged", Assert.Throws<InvalidDataException>(() => JournalEntry.FromBytes(5, bytes[..length])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Changed_scalar_names_its_device()
    {
        var bytes = JournalPart.Write(Order, Works(Order, 3, 0));
        bytes[^8] ^= 1; // In the last scalar of the last device, before its check.
        var error = Assert.Throws<InvalidDataException>(() => JournalPart.Read(Order, bytes));
        Assert.Contains("device 'device-00002', wave 0, slot 2) was changed", error.Message, StringComparison.Ordinal);
    }

    private static RoundRecord Record(IReadOnlyList<RecordedContribution> works) => new() { Order = Order, Contributions = works, GateReadings = [0.25, double.NaN] };

    private static RecordedContribution[] Works(RoundOrder order, int count, int vector)
    {
        var random = new Random(3);
        byte[] Bytes(int length)
        {
            var bytes = new byte[length];
            random.NextBytes(bytes);
            return bytes;
        }

        return [.. Enumerable.Range(0, count).Select(i => new RecordedContribution
        {
            DeviceId = $"device-{i:d5}",
            Assignment = new Assignment { JobId = "banking", Round = 5, Wave = 0, Slot = (uint)i, Kind = order.Kind, ModelVersion = 5, ProbeCount = order.ProbesPerDevice, BatchSize = 16, Deadline = TimeSpan.FromMinutes(5) },
            Contribution = new Contribution { Round = 5, Wave = 0, ModelVersion = 5, Examples = 16, ForwardExamples = 16 * (order.ProbesPerDevice + 1), LossSum = 3.5f + i, Correct = 11, Scalars = Bytes(4 * order.ProbesPerDevice), Vector = Bytes(vector), ElapsedMilliseconds = 1234 + i },
        })];
    }

    private static string WellFormed(string text) => System.Text.Encoding.UTF8.GetString(System.Text.Encoding.UTF8.GetBytes(text));

    private static string Describe(IReadOnlyList<RecordedContribution> works) => System.Text.Json.JsonSerializer.Serialize(works, new System.Text.Json.JsonSerializerOptions { NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.AllowNamedFloatingPointLiterals });
}
