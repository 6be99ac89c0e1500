// Runs an ONNX file on the inputs that standard input holds as JSON ({"input_ids": [[…]], …}) and prints its logits.
// Usage: MODEL.onnx [ADAPTER.onnx_adapter]
using System.Text.Json;
using Microsoft.ML.OnnxRuntime;

using var options = new SessionOptions { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR };
using var session = new InferenceSession(args[0], options);
var given = JsonSerializer.Deserialize<Dictionary<string, long[][]>>(Console.In.ReadToEnd())!;
var inputs = session.InputNames.ToDictionary(name => name, name => OrtValue.CreateTensorValueFromMemory(
    [.. given[name].SelectMany(row => row)], [given[name].Length, given[name][0].Length]));

using var run = new RunOptions();
using var adapter = args.Length > 1 ? OrtLoraAdapter.Create(args[1], null) : null;
if (adapter is not null)
    run.AddActiveLoraAdapter(adapter);
using var outputs = session.Run(run, inputs, ["logits"]);

Console.WriteLine(JsonSerializer.Serialize(new
{
    inputs = session.InputNames,
    parameters = session.OverridableInitializerMetadata.Keys.Order(StringComparer.Ordinal),
    shape = outputs[0].GetTensorTypeAndShape().Shape,
    logits = outputs[0].GetTensorDataAsSpan<float>().ToArray(),
    metadata = session.ModelMetadata.CustomMetadataMap,
}));
