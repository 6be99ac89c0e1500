using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Tokenization;

namespace FwdLLM.Modeling.Compaction;

/// <summary>The small files of a compact model's folder.</summary>
internal sealed class CompactFiles(Checkpoint source, WordPieceTokenizer tokenizer, int[] keptIds, string target)
{
    private const string License = "LICENSE";
    private const string Notice = "NOTICE";

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, NewLine = "\n" };

    private int Positions => Math.Min(source.Config.MaxPositions, CompactTensors.MaxPositions);

    public void WriteTokenizer()
    {
        var settings = tokenizer.Settings;
        if (!settings.CleanText || settings.MaxWordLength != new WordPieceSettings().MaxWordLength)
            throw new CheckpointException($"{source.Location}: the tokenizer has clean_text {settings.CleanText} and max_input_chars_per_word {settings.MaxWordLength}, which vocab.txt cannot carry; only True and 100 can be compacted.");
        Write("vocab.txt", string.Concat(keptIds.Select(id => tokenizer.Vocabulary.Pieces[id] + "\n")));
        Write("tokenizer_config.json", new JsonObject
        {
            ["cls_token"] = "[CLS]",
            ["do_lower_case"] = settings.Lowercase,
            ["mask_token"] = "[MASK]",
            ["model_max_length"] = Positions,
            ["pad_token"] = "[PAD]",
            ["sep_token"] = "[SEP]",
            ["strip_accents"] = settings.StripAccents,
            ["tokenize_chinese_chars"] = settings.SplitIdeographs,
            ["tokenizer_class"] = "BertTokenizer",
            ["unk_token"] = "[UNK]",
        });
    }

    public void WriteConfig(VocabularyTrimmer trimmer)
    {
        using var document = JsonFile.Read(Path.Combine(source.Location, Checkpoint.ConfigFile));
        var config = JsonObject.Create(document.RootElement)!;
        config["vocab_size"] = keptIds.Length;
        config["max_position_embeddings"] = Positions;
        if (tokenizer.Vocabulary.Find("[PAD]") is { } padding)
            config["pad_token_id"] = Array.IndexOf(keptIds, padding);
        config["fwdllm_compact"] = new JsonObject
        {
            ["source_sha256"] = source.Sha256,
            ["pieces"] = keptIds.Length,
            ["source_pieces"] = tokenizer.Vocabulary.Pieces.Count,
            ["corpus_texts"] = trimmer.Texts,
            ["corpus_tokens"] = trimmer.Tokens,
            ["corpus_tokens_kept"] = trimmer.KeptTokens(keptIds),
            ["max_tokens"] = Positions,
        };
        Write(Checkpoint.ConfigFile, config);
    }

    public void CopyUnchanged()
    {
        foreach (var name in new[] { License, "modules.json", Path.Combine(PoolingReader.Folder, Checkpoint.ConfigFile) })
        {
            var from = Path.Combine(source.Location, name);
            if (!File.Exists(from))
                continue;
            var to = Path.Combine(target, name);
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            // Contents only: a read-only source must not make a target that cannot be deleted.
            File.WriteAllBytes(to, File.ReadAllBytes(from));
        }
    }

    public void WriteNotice(string sourceName)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"This folder holds a modified copy of the model {sourceName}\n(checkpoint hash {source.Sha256}).\n\n");
        text.Append(LicenseLine());
        text.Append("\nChanges made:\n");
        text.Append(CultureInfo.InvariantCulture, $"- vocabulary cut from {tokenizer.Vocabulary.Pieces.Count} to {keptIds.Length} pieces, word embeddings accordingly;\n");
        text.Append("- word and position embeddings and the weights of linear layers rounded to 8-bit integers with one scale per row;\n");
        text.Append(CultureInfo.InvariantCulture, $"- at most {Positions} positions kept; layers that the model's pooling does not use removed.\n");
        var sourceNotice = Path.Combine(source.Location, Notice);
        if (File.Exists(sourceNotice))
            text.Append("\nNotice of the source:\n\n").Append(File.ReadAllText(sourceNotice).ReplaceLineEndings("\n"));
        Write(Notice, text.ToString());
    }

    private string LicenseLine()
    {
        var path = Path.Combine(source.Location, License);
        if (!File.Exists(path))
            return "The source folder held no LICENSE file; ask its author before passing this on.\n";
        var title = File.ReadLines(path).Select(line => line.Trim()).Where(line => line.Length > 0).Take(2);
        return $"Licence of the source and of this copy: {string.Join(", ", title)}; see {License}.\n";
    }

    private void Write(string name, JsonObject content) => Write(name, content.ToJsonString(Indented) + "\n");

    private void Write(string name, string content) => AtomicFile.WriteText(Path.Combine(target, name), content);
}
