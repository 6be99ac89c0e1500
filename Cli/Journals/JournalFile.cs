using System.Text;
using System.Text.Json;
using FwdLLM.Grains;
using FwdLLM.Grains.Interfaces;

namespace FwdLLM.Cli.Journals;

/// <summary>A journal in one file that can be taken to another machine: magic, version, then frames in the order of a replay.</summary>
internal sealed class JournalFile : IJournalSource, IDisposable
{
    private const uint Magic = 0x464A5746; // "FWJF"
    private const int Version = 1, PrefixBytes = 8;

    /// <summary>Name of the journal in the folder of a run.</summary>
    public const string InRun = "journal.fwj";

    private static readonly JsonSerializerOptions Json = new() { RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true };

    private readonly FileStream _file;
    private readonly string _path;
    private readonly Dictionary<(uint Round, int Part), long> _frames = [];
    private long _checkpoint = -1;
    private JournalEntry? _entry;

    private JournalFile(string path)
    {
        _path = path;
        _file = File.OpenRead(path);
    }

    /// <inheritdoc/>
    public JournalHead Head { get; private set; } = null!;

    /// <summary>Writes a journal, whole or not at all.</summary>
    /// <param name="source">The journal.</param>
    /// <param name="path">File to write; replaced when it is there.</param>
    /// <param name="written">Told the rounds written so far.</param>
    /// <param name="cancellation">Stops between two frames.</param>
    /// <returns>Bytes written.</returns>
    /// <exception cref="InvalidDataException">An entry is missing or damaged.</exception>
    public static async Task<long> WriteAsync(IJournalSource source, string path, Action<long> written, CancellationToken cancellation)
    {
        var partial = path + ".partial";
        try
        {
            await using (var file = File.Create(partial))
            {
                await file.WriteAsync((byte[])[.. BitConverter.GetBytes(Magic), .. BitConverter.GetBytes(Version)], cancellation);
                await WriteFramesAsync(source, file, written, cancellation);
                file.Flush(flushToDisk: true);
            }

            File.Move(partial, path, overwrite: true);
            return new FileInfo(path).Length;
        }
        finally
        {
            File.Delete(partial);
        }
    }

    /// <summary>Opens a file and looks at its frames' places; contents are checked when they are read.</summary>
    /// <exception cref="InvalidDataException">Not a journal, of a newer version, cut off, or with frames missing, reordered, duplicated or appended.</exception>
    public static async Task<JournalFile> OpenAsync(string path, CancellationToken cancellation)
    {
        var file = new JournalFile(path);
        try
        {
            await file.ScanAsync(cancellation);
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public async Task<byte[]> ReadCheckpointAsync(CancellationToken cancellation) => _checkpoint >= 0
        ? (await ReadFrameAsync(_checkpoint, cancellation)).Content
        : throw new InvalidDataException($"{_path} starts at round {Head.First} and has no checkpoint for it; export the journal again.");

    /// <inheritdoc/>
    public async Task<byte[]?> ReadAsync(uint round, int part, CancellationToken cancellation)
    {
        if (!_frames.TryGetValue((round, part), out var position)) return null;
        var (_, content) = await ReadFrameAsync(position, cancellation);
        if (part == 0) _entry = JournalEntry.FromBytes(round, content);
        return content;
    }

    public void Dispose() => _file.Dispose();

    private static async Task WriteFramesAsync(IJournalSource source, FileStream file, Action<long> written, CancellationToken cancellation)
    {
        var head = source.Head;
        var first = checked((uint)head.First);
        await WriteAsync(JournalFrame.FrameKind.Head, first, 0, JsonSerializer.SerializeToUtf8Bytes(head, Json));
        if (first > 0) await WriteAsync(JournalFrame.FrameKind.Checkpoint, first, 0, await source.ReadCheckpointAsync(cancellation));
        for (var round = first; round < head.Version; round++)
        {
            var entry = await ReadAsync(source, round, 0, cancellation);
            await WriteAsync(JournalFrame.FrameKind.Entry, round, 0, entry);
            var parts = JournalEntry.FromBytes(round, entry).Parts.Count;
            for (var part = 1; part <= parts; part++) await WriteAsync(JournalFrame.FrameKind.Entry, round, part, await ReadAsync(source, round, part, cancellation));
            written(round + 1);
        }

        await WriteAsync(JournalFrame.FrameKind.End, (uint)head.Version, 0, []);

        async Task WriteAsync(JournalFrame.FrameKind kind, uint round, int part, byte[] content) =>
            await file.WriteAsync(JournalFrame.Write(kind, round, part, content), cancellation);
    }

    private static async Task<byte[]> ReadAsync(IJournalSource source, uint round, int part, CancellationToken cancellation) =>
        await source.ReadAsync(round, part, cancellation)
            ?? throw new InvalidDataException($"The journal's entry of round {round}{(part > 0 ? $" (part {part})" : "")} is missing. If the job keeps only its last rounds and is running, it was removed meanwhile: try again.");

    private async Task ScanAsync(CancellationToken cancellation)
    {
        var prefix = new byte[PrefixBytes];
        if (await _file.ReadAtLeastAsync(prefix, PrefixBytes, throwOnEndOfStream: false, cancellation) < PrefixBytes || BitConverter.ToUInt32(prefix) != Magic)
            throw new InvalidDataException($"{_path} is no journal: its first four bytes are not 'FWJF'. Give a file that fwdllm job journal wrote.");
        if (BitConverter.ToInt32(prefix, 4) is var version && version != Version)
            throw new InvalidDataException($"{_path} has version {version}; this build reads version {Version}. Use the build that wrote it, or a newer one.");
        var (head, position) = await ReadFrameAsync(PrefixBytes, cancellation);
        if (head.Kind != JournalFrame.FrameKind.Head) throw new InvalidDataException($"{_path} does not begin with the job; frames were removed or reordered.");
        Head = ReadHead(position);
        var (next, place) = (PrefixBytes + JournalFrame.HeaderBytes + (long)head.Length, (Round: Head.First, Part: -1));
        while (true)
        {
            var frame = await ReadHeaderAsync(next, cancellation);
            var (found, at) = (frame.Frame, next);
            next += JournalFrame.HeaderBytes + found.Length;
            if (found.Kind == JournalFrame.FrameKind.End)
            {
                _ = await ReadFrameAsync(at, cancellation);
                if (found.Round != Head.Version) throw new InvalidDataException($"{_path} ends at version {found.Round}, but the job is at version {Head.Version}; the file was changed.");
                break;
            }

            if (found.Kind == JournalFrame.FrameKind.Checkpoint && _checkpoint < 0 && _frames.Count == 0) _checkpoint = at;
            else if (found.Kind != JournalFrame.FrameKind.Entry) throw new InvalidDataException($"{_path}: the frame at byte {at} has kind {(byte)found.Kind}, which does not belong there; the file was changed.");
            else place = Follow(place, found, at);
        }

        if (next < _file.Length) throw new InvalidDataException($"{_path}: {_file.Length - next} bytes were appended after its end.");
        if (place.Part >= 0 ? place.Round + 1 != Head.Version : Head.First != Head.Version)
            throw new InvalidDataException($"{_path} ends {(place.Part >= 0 ? $"with round {place.Round}" : "without any entry")}, but the job is at version {Head.Version}: entries at its end are missing or were appended.");
    }

    // Rounds one after the other, each with part 0 and then its parts.
    private (long Round, int Part) Follow((long Round, int Part) last, JournalFrame found, long at)
    {
        var isNextPart = last.Part >= 0 && found.Round == last.Round && found.Part == last.Part + 1;
        var isNextRound = found.Part == 0 && found.Round == (last.Part < 0 ? last.Round : last.Round + 1);
        if (!isNextPart && !isNextRound)
        {
            var what = _frames.ContainsKey((found.Round, found.Part)) ? "stands there twice: it was duplicated or appended"
                : found.Round > last.Round + 1 || (last.Part < 0 && found.Round > last.Round) ? $"follows {(last.Part < 0 ? "the start" : $"round {last.Round}")}: the entry of round {(last.Part < 0 ? last.Round : last.Round + 1)} is missing or was moved"
                : $"follows round {last.Round} part {last.Part}: entries or parts are missing or were reordered";
            throw new InvalidDataException($"{_path}: at byte {at} the entry of round {found.Round}{(found.Part > 0 ? $" part {found.Part}" : "")} {what}.");
        }

        _frames[(found.Round, found.Part)] = at;
        return (found.Round, found.Part);
    }

    private async Task<(JournalFrame Frame, byte[] Header)> ReadHeaderAsync(long at, CancellationToken cancellation)
    {
        var header = new byte[JournalFrame.HeaderBytes];
        _file.Position = at;
        if (await _file.ReadAtLeastAsync(header, header.Length, throwOnEndOfStream: false, cancellation) < header.Length)
            throw new InvalidDataException($"{_path} ends at byte {_file.Length}, in the middle or before its end frame: entries at its end are missing.");
        var frame = JournalFrame.Read(header);
        if (frame.Length < 0 || frame.Length > _file.Length - _file.Position)
            throw new InvalidDataException($"{_path}: the frame at byte {at} (round {frame.Round}) claims {frame.Length} bytes, but {_file.Length - _file.Position} follow; the file was changed or cut off.");
        return (frame, header);
    }

    private async Task<(JournalFrame Frame, byte[] Content)> ReadFrameAsync(long at, CancellationToken cancellation)
    {
        var (frame, header) = await ReadHeaderAsync(at, cancellation);
        var content = new byte[frame.Length];
        await _file.ReadExactlyAsync(content, cancellation);
        if (frame.Matches(header, content)) return (frame, content);
        if (frame.Kind == JournalFrame.FrameKind.Entry) Locate(frame, content);
        var what = frame.Kind switch
        {
            JournalFrame.FrameKind.Entry => $"the entry of round {frame.Round}{(frame.Part > 0 ? $" (part {frame.Part})" : "")}",
            JournalFrame.FrameKind.Checkpoint => $"the checkpoint of version {frame.Round}",
            JournalFrame.FrameKind.End => "the end frame",
            _ => "the description of the job",
        };
        throw new InvalidDataException($"{_path}: {what} was changed: its checksum does not match.");
    }

    // What is wrong with a contribution names its device, which the frame's checksum cannot.
    private void Locate(JournalFrame frame, byte[] content)
    {
        var entry = frame.Part == 0 ? JournalEntry.FromBytes(frame.Round, content) : _entry;
        if (entry is not null && (frame.Part > 0 || entry.Parts.Count == 0)) _ = JournalPart.Read(entry.Order, frame.Part == 0 ? entry.Contributions : content);
    }

    private JournalHead ReadHead(byte[] json)
    {
        try
        {
            return JsonSerializer.Deserialize<JournalHead>(json, Json) is { FirstHash.Length: 64 } head
                && head.First is >= 0 and <= uint.MaxValue && head.Version is >= 0 and <= uint.MaxValue && head.FirstHash.All(char.IsAsciiHexDigitLower)
                && head.Spec.Model.Blocks.All(block => block is not null)
                ? head
                : throw new InvalidDataException($"{_path}: the description of the job is incomplete: {Encoding.UTF8.GetString(json.AsSpan(0, Math.Min(json.Length, 200)))}");
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            throw new InvalidDataException($"{_path}: the description of the job cannot be read: {e.Message}", e);
        }
    }
}
