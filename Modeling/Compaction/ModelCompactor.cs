using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Tokenization;

namespace FwdLLM.Modeling.Compaction;

/// <summary>
/// Makes a checkpoint small enough to ship: fewer word pieces, 8-bit weights. The result is a folder that <see cref="Checkpoint"/>
/// opens like any other. Equal input gives equal bytes.
/// </summary>
public static class ModelCompactor
{
    /// <summary>Compacts a checkpoint.</summary>
    /// <param name="sourceFolder">A checkpoint with its WordPiece tokenizer.</param>
    /// <param name="targetFolder">Must not exist, or be empty; appears only when everything has been written.</param>
    /// <param name="options">Limits.</param>
    /// <param name="corpus">Texts like those the model will read; pieces that are frequent here are kept. Read once.</param>
    /// <param name="progress">Told what happens, in words.</param>
    /// <param name="cancellation">Checked between texts.</param>
    /// <exception cref="CheckpointException">The source cannot be read or compacted, the target is taken, or the result would exceed a limit; the message says which one to change.</exception>
    public static CompactionReport Compact(string sourceFolder, string targetFolder, CompactionOptions options, IEnumerable<string> corpus, IProgress<string>? progress = null, CancellationToken cancellation = default)
    {
        if (File.Exists(targetFolder) || (Directory.Exists(targetFolder) && Directory.EnumerateFileSystemEntries(targetFolder).Any()))
            throw new CheckpointException($"{targetFolder} is not an empty folder; choose another or empty it first.");
        using var source = Checkpoint.Open(sourceFolder);
        var tokenizer = source.LoadTokenizer() as WordPieceTokenizer
            ?? throw new CheckpointException($"{sourceFolder} has no WordPiece tokenizer; only the vocabulary of such a one can be cut.");
        if (source.Config.PadTokenId is { } padding)
            throw new CheckpointException($"{sourceFolder} counts positions from its padding id {padding}, which moves when the vocabulary is cut; choose another model to compact.");
        var trimmer = new VocabularyTrimmer(tokenizer);
        progress?.Report("Counting word pieces in the corpus.");
        foreach (var text in corpus)
        {
            cancellation.ThrowIfCancellationRequested();
            trimmer.Count(text);
        }

        var kept = trimmer.Choose(options.VocabularyLimit);
        progress?.Report($"Keeping {kept.Length} of {tokenizer.Vocabulary.Pieces.Count} pieces: {trimmer.KeptTokens(kept)} of {trimmer.Tokens} tokens in {trimmer.Texts} texts stay as they are.");
        var staging = Path.TrimEndingDirectorySeparator(Path.GetFullPath(targetFolder)) + ".partial";
        try
        {
            Directory.CreateDirectory(staging);
            var files = new CompactFiles(source, tokenizer, kept, staging);
            files.WriteTokenizer();
            files.WriteConfig(trimmer);
            files.CopyUnchanged();
            files.WriteNotice(options.SourceName ?? Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(sourceFolder))));
            progress?.Report("Rounding weights to 8 bits.");
            SafetensorsWriter.Write(Path.Combine(staging, Checkpoint.WeightsFile), CompactTensors.Create(source, kept), new Dictionary<string, string> { ["format"] = "pt" });
            var bytes = Directory.EnumerateFiles(staging, "*", SearchOption.AllDirectories).Sum(file => new FileInfo(file).Length);
            if (bytes > options.MaxBytes)
                throw TooLarge(bytes, options, kept.Length, source.Config.HiddenSize);
            if (Directory.Exists(targetFolder))
                Directory.Delete(targetFolder);
            Directory.Move(staging, targetFolder);
            progress?.Report($"Wrote {bytes} bytes to {targetFolder}.");
            return new CompactionReport(source.Sha256, kept.Length, tokenizer.Vocabulary.Pieces.Count, trimmer.Texts, trimmer.Tokens, trimmer.KeptTokens(kept), bytes);
        }
        finally
        {
            if (Directory.Exists(staging))
                Directory.Delete(staging, recursive: true);
        }
    }

    private static CheckpointException TooLarge(long bytes, CompactionOptions options, int pieces, int hidden)
    {
        // A piece costs at least a row of bytes, a scale, and a character with its line end in vocab.txt; the file's header may take up to 8 more bytes to align.
        const int pieceOverhead = sizeof(float) + 2, alignment = 8;
        var fewer = (bytes - options.MaxBytes + alignment) / (hidden + pieceOverhead) + 1;
        var remedy = fewer < pieces
            ? $"lower VocabularyLimit from {options.VocabularyLimit} to about {pieces - fewer}, or raise MaxBytes to {bytes}"
            : $"raise MaxBytes to {bytes}, or choose a smaller model: without any vocabulary it is still too large";
        return new CheckpointException($"The compact model has {bytes} bytes, MaxBytes is {options.MaxBytes}; {remedy}.");
    }
}
