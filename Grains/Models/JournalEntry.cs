using System.Security.Cryptography;
using System.Text;
using FwdLLM.Grains.Interfaces;

namespace FwdLLM.Grains;

/// <summary>A closed round as the journal stores it: the order, and its contributions in one piece or by the hashes of their parts.</summary>
public sealed record JournalEntry
{
    private const uint Magic = 0x454A5746; // "FWJE"
    private const byte Version = 1, HashBytes = SHA256.HashSizeInBytes;

    /// <summary>What was asked.</summary>
    public required RoundOrder Order { get; init; }

    /// <summary>The gate's reading after each wave.</summary>
    public required IReadOnlyList<double> GateReadings { get; init; }

    /// <summary>Contributions, in all parts together.</summary>
    public required int Count { get; init; }

    /// <summary>The contributions as <see cref="JournalPart"/> writes them; empty when they stand in <see cref="Parts"/>.</summary>
    public byte[] Contributions { get; init; } = [];

    /// <summary>SHA-256 (lower-case hex) of each part, in order.</summary>
    public IReadOnlyList<string> Parts { get; init; } = [];

    /// <summary>What the entry did to the model; null until the model has taken it, and in entries of the first format.</summary>
    public JournalEffect? Effect { get; init; }

    /// <summary>Job and round of an entry or part, for messages.</summary>
    internal static string Name(long round) => $"The journal's entry of round {round}";

    /// <summary>Portable bytes.</summary>
    public byte[] ToBytes()
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream, Encoding.UTF8);
        writer.Write(Magic);
        writer.Write(Version);
        writer.Write7BitEncodedInt64(Order.Round);
        writer.Write(Order.Kind);
        writer.Write7BitEncodedInt64(Order.ModelVersion);
        writer.Write7BitEncodedInt(Order.CohortSize);
        writer.Write7BitEncodedInt(Order.BatchSize);
        writer.Write7BitEncodedInt(Order.ProbesPerDevice);
        writer.Write7BitEncodedInt(Order.MaxWaves);
        writer.Write(Order.Phase);
        writer.Write7BitEncodedInt(GateReadings.Count);
        foreach (var reading in GateReadings) writer.Write(reading);
        writer.Write(Effect is not null);
        foreach (var hash in Effect is null ? [] : new[] { Effect.Previous, Effect.Hash, Effect.AdapterSha256 }) writer.Write(Convert.FromHexString(hash));
        writer.Write7BitEncodedInt(Count);
        writer.Write7BitEncodedInt(Parts.Count);
        foreach (var part in Parts) writer.Write(Convert.FromHexString(part));
        writer.Write7BitEncodedInt(Contributions.Length);
        writer.Write(Contributions);
        writer.Flush();
        return stream.ToArray();
    }

    /// <summary>Reads <see cref="ToBytes"/>.</summary>
    /// <param name="round">Round whose entry it should be, for the message.</param>
    /// <param name="bytes">The bytes.</param>
    /// <exception cref="InvalidDataException">Not an entry, of a newer version, or damaged.</exception>
    public static JournalEntry FromBytes(long round, byte[] bytes) => JournalReader.Parse(bytes, Name(round), reader =>
    {
        if (reader.ReadUInt32() != Magic) throw new InvalidDataException("the first four bytes are not 'FWJE'");
        if (reader.ReadByte() is var version && version != Version) throw new InvalidDataException($"it has version {version} and this build reads {Version}; use the build that wrote it");
        var order = new RoundOrder
        {
            Round = checked((uint)reader.Read7BitEncodedInt64()),
            Kind = reader.ReadByte(),
            ModelVersion = reader.Read7BitEncodedInt64(),
            CohortSize = reader.Read7BitEncodedInt(),
            BatchSize = reader.Read7BitEncodedInt(),
            ProbesPerDevice = reader.Read7BitEncodedInt(),
            MaxWaves = reader.Read7BitEncodedInt(),
            Phase = reader.Text("phase"),
        };
        var readings = new double[reader.Count(sizeof(double), "gate readings")];
        for (var i = 0; i < readings.Length; i++) readings[i] = reader.ReadDouble();
        var effect = reader.ReadByte() switch
        {
            0 => null,
            1 => new JournalEffect(Hash(reader), Hash(reader), Hash(reader)),
            var other => throw new InvalidDataException($"its flag of a link is {other}, not 0 or 1"),
        };
        var count = reader.Read7BitEncodedInt();
        if (count < 0) throw new InvalidDataException($"it claims {count} contributions");
        var parts = new string[reader.Count(HashBytes, "parts")];
        for (var i = 0; i < parts.Length; i++) parts[i] = Hash(reader);
        var contributions = reader.Bytes(reader.Read7BitEncodedInt(), "list of contributions");
        if (parts.Length > 0 == contributions.Length > 0) throw new InvalidDataException($"it has {parts.Length} parts and {contributions.Length} bytes of contributions of its own; one of them must be 0");
        return new JournalEntry { Order = order, GateReadings = readings, Count = count, Parts = parts, Contributions = contributions, Effect = effect };
    });

    /// <summary>Whether both hold the same round, whatever it did to the model.</summary>
    public bool HasContentOf(JournalEntry other) => (this with { Effect = null }).ToBytes().AsSpan().SequenceEqual((other with { Effect = null }).ToBytes());

    private static string Hash(JournalReader reader) => Convert.ToHexStringLower(reader.Bytes(HashBytes, "hash"));
}
