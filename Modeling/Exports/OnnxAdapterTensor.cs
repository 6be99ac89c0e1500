namespace FwdLLM.Modeling.Exports;

/// <summary>One parameter of an .onnx_adapter file.</summary>
/// <param name="Name">Name of the overridable initializer it replaces.</param>
/// <param name="Shape">Its shape.</param>
/// <param name="Values">Its values, row-major.</param>
internal sealed record OnnxAdapterTensor(string Name, int[] Shape, float[] Values);
