using System.Text.Encodings.Web;
using System.Text.Json;
using FwdLLM.Modeling.Checkpoints;

namespace FwdLLM.Modeling.Tokenization;

/// <summary>
/// Writes a byte-level BPE tokenizer as tokenizer.json and tokenizer_config.json: what <see cref="Tokenizers.Load"/> reads there
/// tokenises as <see cref="Tokenizers.Create"/> does. Equal vocabularies give equal bytes.
/// </summary>
internal static class BpeTokenizerWriter
{
    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <param name="vocabulary">Checked here, as for <see cref="Tokenizers.Create"/>.</param>
    /// <param name="chatTemplate">Template of a conversation, or null.</param>
    /// <exception cref="CheckpointException">It makes no tokenizer.</exception>
    public static IReadOnlyList<TokenizerFile> Write(BpeVocabulary vocabulary, string? chatTemplate)
    {
        BpeFiles.Create(vocabulary);
        return
        [
            Json(TokenizerJson.FileName, json => WriteTokenizer(json, vocabulary)),
            Json(SpecialTokenFiles.ConfigFile, json => WriteConfig(json, vocabulary, chatTemplate)),
        ];
    }

    private static void WriteTokenizer(Utf8JsonWriter json, BpeVocabulary vocabulary)
    {
        json.WriteStartArray("added_tokens");
        foreach (var token in BpeFiles.Added(vocabulary))
        {
            json.WriteStartObject();
            json.WriteNumber("id", token.Id);
            json.WriteString("content", token.Text);
            json.WriteBoolean("special", token.Special);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        WriteSplits(json, vocabulary.PreTokenizer);
        WriteFrame(json, vocabulary);
        json.WriteStartObject("model");
        json.WriteString("type", "BPE");
        json.WriteBoolean("ignore_merges", WordSplits.IsLlama3(vocabulary.PreTokenizer));
        json.WriteStartObject("vocab");
        foreach (var (id, token) in vocabulary.Tokens.Index())
            json.WriteNumber(token, id);
        json.WriteEndObject();
        json.WriteStartArray("merges");
        foreach (var merge in vocabulary.Merges)
            json.WriteStringValue(merge);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteSplits(Utf8JsonWriter json, string preTokenizer)
    {
        json.WriteStartObject("pre_tokenizer");
        json.WriteString("type", "Sequence");
        json.WriteStartArray("pretokenizers");
        foreach (var pattern in WordSplits.Patterns(preTokenizer))
        {
            json.WriteStartObject();
            json.WriteString("type", "Split");
            json.WriteStartObject("pattern");
            json.WriteString("Regex", pattern);
            json.WriteEndObject();
            json.WriteString("behavior", "Isolated");
            json.WriteEndObject();
        }

        json.WriteStartObject();
        json.WriteString("type", "ByteLevel");
        json.WriteBoolean("add_prefix_space", false);
        json.WriteBoolean("use_regex", false);
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteFrame(Utf8JsonWriter json, BpeVocabulary vocabulary)
    {
        var frame = BpeFiles.Frame(vocabulary);
        if (frame.AddedToOne == 0)
            return;
        json.WriteStartObject("post_processor");
        json.WriteString("type", "TemplateProcessing");
        WriteTemplate("single", [.. Tokens(frame.Start), "A", .. Tokens(frame.End)]);
        WriteTemplate("pair", [.. Tokens(frame.Start), "A", .. Tokens(frame.Middle), "B", .. Tokens(frame.End)]);
        json.WriteStartObject("special_tokens");
        foreach (var id in Tokens(frame.Start).Concat(Tokens(frame.End)).OfType<int>().Distinct())
        {
            json.WriteStartObject(vocabulary.Tokens[id]);
            json.WriteStartArray("ids");
            json.WriteNumberValue(id);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndObject();
        json.WriteEndObject();

        IEnumerable<object> Tokens(FrameToken[] tokens) => tokens.Select(token => (object)token.Id);

        void WriteTemplate(string key, IEnumerable<object> pieces)
        {
            json.WriteStartArray(key);
            foreach (var piece in pieces)
            {
                json.WriteStartObject();
                json.WriteStartObject(piece is int ? "SpecialToken" : "Sequence");
                json.WriteString("id", piece is int id ? vocabulary.Tokens[id] : (string)piece);
                json.WriteEndObject();
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }
    }

    private static void WriteConfig(Utf8JsonWriter json, BpeVocabulary vocabulary, string? chatTemplate)
    {
        foreach (var (key, given) in new[]
        {
            ("unk_token", vocabulary.Special.Unknown), ("bos_token", vocabulary.Special.Start), ("eos_token", vocabulary.Special.End),
            ("pad_token", vocabulary.Special.Pad), ("mask_token", vocabulary.Special.Mask),
        })
            if (given is { } id)
                json.WriteString(key, vocabulary.Tokens[id]);
        if (chatTemplate is not null)
            json.WriteString("chat_template", chatTemplate);
    }

    private static TokenizerFile Json(string name, Action<Utf8JsonWriter> write)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, Plain))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        var bytes = buffer.ToArray();
        return new TokenizerFile(name, () => new MemoryStream(bytes, writable: false));
    }
}
