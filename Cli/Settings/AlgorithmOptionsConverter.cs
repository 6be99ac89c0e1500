using System.Text.Json;
using System.Text.Json.Serialization;
using FwdLLM.Learning.Training;

namespace FwdLLM.Cli.Settings;

/// <summary>Writes the recipe in its own JSON form, and reads it with its own checks.</summary>
internal sealed class AlgorithmOptionsConverter : JsonConverter<AlgorithmOptions>
{
    public override AlgorithmOptions Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        using var document = JsonDocument.ParseValue(ref reader);
        return AlgorithmOptions.FromJson(document.RootElement.GetRawText());
    }

    public override void Write(Utf8JsonWriter writer, AlgorithmOptions value, JsonSerializerOptions options)
    {
        using var document = JsonDocument.Parse(value.ToJson());
        document.WriteTo(writer);
    }
}
