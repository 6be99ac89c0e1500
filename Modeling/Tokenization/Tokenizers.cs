using FwdLLM.Modeling.Checkpoints;

namespace FwdLLM.Modeling.Tokenization;

/// <summary>Finds out which tokenizer a model has, and loads it.</summary>
public static class Tokenizers
{
    /// <summary>All files of a folder that can say how to tokenise.</summary>
    public static readonly IReadOnlyList<string> Files =
    [
        "vocab.txt", TokenizerJson.FileName, SpecialTokenFiles.ConfigFile, SpecialTokenFiles.MapFile,
        BpeFiles.VocabularyFile, BpeFiles.MergesFile, SentencePieceFile.FileName,
    ];

    /// <summary>
    /// Loads from a Hugging Face folder, by the first of these that is there: tokenizer.json (its model.type decides; WordPiece then
    /// prefers vocab.txt), vocab.txt (WordPiece), vocab.json with merges.txt (RoBERTa's BPE), spiece.model (ALBERT's unigram).
    /// tokenizer_config.json and special_tokens_map.json are read beside them.
    /// </summary>
    /// <exception cref="CheckpointException">None is there, or one is damaged or of a kind that is not supported.</exception>
    public static ITokenizer Load(string folder)
    {
        bool Has(string file) => File.Exists(Path.Combine(folder, file));
        if (Has(TokenizerJson.FileName))
            return TokenizerJson.Load(folder);
        if (Has("vocab.txt"))
            return WordPieceTokenizer.Load(folder);
        if (Has(BpeFiles.VocabularyFile) && Has(BpeFiles.MergesFile))
            return BpeFiles.ReadRoberta(folder);
        if (Has(SentencePieceFile.FileName))
            return SentencePieceFile.Read(folder);
        throw new CheckpointException($"{folder} has none of {TokenizerJson.FileName}, vocab.txt, {BpeFiles.VocabularyFile} with {BpeFiles.MergesFile}, and {SentencePieceFile.FileName}; copy the tokenizer files of the checkpoint there.");
    }

    /// <summary>Makes a byte-level BPE tokenizer from lists, such as the metadata of a GGUF file.</summary>
    /// <exception cref="CheckpointException">A merge or special id is not of the vocabulary, something comes twice, or the pre-tokenizer is not known.</exception>
    public static ITokenizer Create(BpeVocabulary vocabulary) => BpeFiles.Create(vocabulary);
}
