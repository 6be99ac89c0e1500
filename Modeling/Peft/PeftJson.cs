using System.Text.Json;
using FwdLLM.Modeling.Checkpoints;

namespace FwdLLM.Modeling.Peft;

/// <summary>Parts that every adapter_config.json has.</summary>
internal static class PeftJson
{
    /// <summary>PEFT's name of a task.</summary>
    public static string TaskName(PeftTask task) => task switch
    {
        PeftTask.SequenceClassification => "SEQ_CLS",
        PeftTask.QuestionAnswering => "QUESTION_ANS",
        PeftTask.FeatureExtraction => "FEATURE_EXTRACTION",
        _ => throw new ArgumentOutOfRangeException(nameof(task), task, "Not a PEFT task."),
    };

    /// <summary>A list, or null where it is empty.</summary>
    public static void WriteNames(Utf8JsonWriter json, string name, IEnumerable<string> values)
    {
        var list = values.ToList();
        if (list.Count == 0)
        {
            json.WriteNull(name);
            return;
        }

        json.WriteStartArray(name);
        foreach (var value in list)
            json.WriteStringValue(value);
        json.WriteEndArray();
    }

    /// <summary>modules_to_save: PEFT wraps the child of the model class that holds the layer.</summary>
    public static void WriteHeads(Utf8JsonWriter json, IReadOnlyList<PeftHead> heads) => WriteNames(json, "modules_to_save", heads.Select(head => head.Module.Split('.')[0]).Distinct());

    /// <summary>A setting with a value that is not supported.</summary>
    public static CheckpointException Refused(string path, string key, JsonElement value, string expected)
    {
        const int limit = 60;
        var text = value.GetRawText();
        return new CheckpointException($"{path}: {key} is {(text.Length > limit ? text[..limit] + "…" : text)}; supported: {expected}. Train or convert the adapter accordingly.");
    }
}
