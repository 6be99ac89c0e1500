using FwdLLM.Learning;
using FwdLLM.Modeling.Architectures;
using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Graphs;
using FwdLLM.Modeling.Onnx;
using FwdLLM.Modeling.Precision;
using Microsoft.ML.OnnxRuntime;

namespace FwdLLM.Tests.Inference.Precision;

/// <summary>One linear weight in some format, and the products that its format emits, run by ONNX Runtime.</summary>
internal sealed class WeightSession : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly InferenceSession _session;
    private readonly ModelTensor _tensor;

    /// <param name="format">Name of the format.</param>
    /// <param name="weights">[out, in]; ignored where <paramref name="blocks"/> are given.</param>
    /// <param name="outputSize">out.</param>
    /// <param name="inputSize">in.</param>
    /// <param name="blocks">Stored blocks.</param>
    /// <param name="isUnsigned">Whether the graph is rewritten to read 8-bit weights as unsigned bytes.</param>
    public WeightSession(string format, float[] weights, int outputSize, int inputSize, BlockWeights? blocks = null, bool isUnsigned = false)
    {
        _tensor = new ModelTensor("w", [outputSize, inputSize], TensorRole.Linear);
        var known = WeightFormats.Get(format);
        using (var file = new WeightFile(_folder.File("weights.bin")))
        {
            known.Write(file, _tensor, blocks is null ? new OneTensor(weights) : new StoredBlocks(blocks));
            var g = new GraphBuilder("weight", file);
            var scope = new GraphScope(g, new AdapterLayout([])) { BatchShape = "unused" };
            var weight = known.Weight(_tensor);
            var x = g.Input("x", ElementType.Float32, "K", "rows", inputSize);
            g.Output("y", weight.Product(scope, x), "K", "rows", outputSize);
            var cotangent = g.Input("cotangent", ElementType.Float32, "rows", outputSize);
            g.Output("back", weight.TransposedProduct(scope, cotangent), "rows", inputSize);
            File.WriteAllBytes(_folder.File("weight.onnx"), isUnsigned ? UnsignedWeights.Rewrite(g.ToBytes()).Graph : g.ToBytes());
            Length = file.Entries.Sum(entry => entry.Length);
        }

        if (isUnsigned)
        {
            var bytes = File.ReadAllBytes(_folder.File("weights.bin"));
            UnsignedWeights.Convert(bytes.AsSpan(0, outputSize * inputSize));
            File.WriteAllBytes(_folder.File("weights.bin"), bytes);
        }

        _session = new InferenceSession(_folder.File("weight.onnx"));
    }

    /// <summary>Bytes of the stored tensors.</summary>
    public long Length { get; }

    /// <summary>x·Wᵀ, [rows, in] → [rows, out].</summary>
    public float[] Product(float[] x) => Run("y", x, new float[_tensor.Shape[0]]);

    /// <summary>W [out, in] as the reverse pass reads it.</summary>
    public float[] Matrix()
    {
        var size = _tensor.Shape[0];
        var identity = new float[size * size];
        for (var index = 0; index < size; index++)
            identity[index * size + index] = 1;
        return Run("back", new float[_tensor.Shape[1]], identity);
    }

    public void Dispose()
    {
        _session.Dispose();
        _folder.Dispose();
    }

    private float[] Run(string output, float[] x, float[] cotangent)
    {
        using var options = new RunOptions();
        using var rows = OrtValue.CreateTensorValueFromMemory(x, [1, x.Length / _tensor.Shape[1], _tensor.Shape[1]]);
        using var back = OrtValue.CreateTensorValueFromMemory(cotangent, [cotangent.Length / _tensor.Shape[0], _tensor.Shape[0]]);
        using var outputs = _session.Run(options, ["x", "cotangent"], [rows, back], [output]);
        return outputs[0].GetTensorDataAsSpan<float>().ToArray();
    }

    private sealed class OneTensor(float[] values) : ITensorSource
    {
        public bool Contains(string name) => true;

        public IReadOnlyList<int> Shape(string name) => [values.Length];

        public float[] ReadFloat32(string name) => values;
    }

    private sealed class StoredBlocks(BlockWeights blocks) : ITensorSource, IBlockSource
    {
        public bool Contains(string name) => true;

        public IReadOnlyList<int> Shape(string name) => [blocks.Rows, blocks.Columns];

        public float[] ReadFloat32(string name) => throw new InvalidOperationException("Blocks that fit the format must not be rounded again.");

        public BlockWeights? ReadBlocks(string name) => blocks;
    }
}
