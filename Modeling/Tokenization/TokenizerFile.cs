namespace FwdLLM.Modeling.Tokenization;

/// <summary>A file by which <see cref="Tokenizers.Load"/> finds a model's tokenizer, on disk or yet to be written.</summary>
/// <param name="Name">File name, without folder.</param>
/// <param name="Open">Opens its contents for reading.</param>
public sealed record TokenizerFile(string Name, Func<Stream> Open)
{
    /// <summary>The tokenizer files of a folder.</summary>
    public static IReadOnlyList<TokenizerFile> Of(string folder) =>
        [.. Tokenizers.Files.Where(name => File.Exists(Path.Combine(folder, name))).Select(name => new TokenizerFile(name, () => File.OpenRead(Path.Combine(folder, name))))];
}
