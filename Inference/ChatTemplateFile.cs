using System.Text.Json;
using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Tokenization;

namespace FwdLLM.Inference;

/// <summary>Finds the chat template of a model's folder.</summary>
public static class ChatTemplateFile
{
    private const string Name = "tokenizer_config.json", Key = "chat_template";

    /// <summary>Reads tokenizer_config.json.</summary>
    /// <exception cref="CheckpointException">There is no template, or one of another family.</exception>
    public static ChatTemplate Load(string folder)
    {
        var path = Path.Combine(folder, Name);
        try
        {
            using var document = File.Exists(path) ? JsonDocument.Parse(File.ReadAllBytes(path)) : null;
            if (document is { RootElement.ValueKind: JsonValueKind.Object } && document.RootElement.TryGetProperty(Key, out var template) && template.ValueKind == JsonValueKind.String)
                return ChatTemplate.Parse(template.GetString()!, path);
        }
        catch (JsonException e)
        {
            throw new CheckpointException($"{path} is not JSON: {e.Message} Copy it from the checkpoint again.", e);
        }

        throw new CheckpointException($"{folder} has no {Key} in a {Name}; give prompts and answers instead of messages, or a model with a chat template.");
    }
}
