using FwdLLM.Modeling.Architectures;
using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Graphs;
using FwdLLM.Modeling.Onnx;

namespace FwdLLM.Modeling.Precision;

/// <summary>
/// Weights of 4 or 8 bits in blocks of 32 (MatMulNBits). At level 0 they are multiplied in float32, as smooth as float32 itself;
/// at level 4 the input is rounded to 8 bits, block by block, which is faster.
/// </summary>
/// <param name="name">Name.</param>
/// <param name="bits">4 or 8.</param>
/// <param name="symmetric">No zero points.</param>
/// <param name="accuracyLevel">0 or 4.</param>
/// <param name="admissionThreshold">See <see cref="WeightFormat.AdmissionThreshold"/>.</param>
internal sealed class BlockFormat(string name, int bits, bool symmetric, int accuracyLevel, double admissionThreshold) : WeightFormat
{
    public override string Name => name;

    public override bool QuantizesActivations => accuracyLevel == 4;

    public override double AdmissionThreshold => admissionThreshold;

    public override void Write(WeightFile file, ModelTensor tensor, ITensorSource source)
    {
        int rows = tensor.Shape[0], columns = tensor.Shape[1];
        var weights = (source as IBlockSource)?.ReadBlocks(tensor.Name) is { } stored && stored.Bits == bits
            ? stored
            : BlockQuantizer.Quantize(source.ReadFloat32(tensor.Name), rows, columns, bits, symmetric);
        if (weights.Rows != rows || weights.Columns != columns)
            throw new CheckpointException($"Tensor '{tensor.Name}' has blocks for [{weights.Rows}, {weights.Columns}]; its shape is [{rows}, {columns}]. The file is damaged.");
        file.Add(tensor.Name, weights.Values, rows, weights.RowBlocks, weights.BlockBytes);
        file.Add(ScaleOf(tensor.Name), weights.Scales, rows, weights.RowBlocks);
        if (weights.ZeroPoints is { } zeros)
            file.Add(ZeroOf(tensor.Name), zeros, rows, zeros.Length / rows);
        else if (weights.RealZeroPoints is { } real)
            file.Add(ZeroOf(tensor.Name), real, rows, weights.RowBlocks);
    }

    public override LinearWeight Weight(ModelTensor tensor) => new BlockWeight(tensor, bits, accuracyLevel);

    private static string ScaleOf(string name) => name + ".scale";

    private static string ZeroOf(string name) => name + ".zero";

    private sealed class BlockWeight(ModelTensor tensor, int bits, int accuracyLevel) : LinearWeight
    {
        private readonly int _rows = tensor.Shape[0];
        private readonly int _columns = tensor.Shape[1];
        private readonly int _blocks = BlockWeights.BlocksOf(tensor.Shape[1]);

        public override string Product(GraphScope scope, string x)
        {
            var g = scope.Builder;
            List<string> inputs = [x, g.Weight(tensor.Name), g.Weight(ScaleOf(tensor.Name))];
            if (g.HasWeight(ZeroOf(tensor.Name)))
                inputs.Add(g.Weight(ZeroOf(tensor.Name)));
            return g.RuntimeNode("MatMulNBits", inputs, ("K", _columns), ("N", _rows), ("bits", bits), ("block_size", BlockWeights.BlockSize), ("accuracy_level", accuracyLevel));
        }

        protected override string Matrix(GraphScope scope)
        {
            var g = scope.Builder;
            var values = g.Reshape(Unpack(g, g.Weight(tensor.Name)), _rows, _blocks, BlockWeights.BlockSize);
            var centred = g.Sub(values, g.HasWeight(ZeroOf(tensor.Name)) ? g.Reshape(Zeros(g), _rows, _blocks, 1) : g.Scalar(1 << (bits - 1)));
            var matrix = g.Reshape(g.Mul(centred, g.Reshape(g.Weight(ScaleOf(tensor.Name)), _rows, _blocks, 1)), _rows, -1);
            return g.Node("Slice", [matrix, g.Integers(0), g.Integers(_columns), g.Integers(1)]);
        }

        private string Zeros(GraphBuilder g)
        {
            var zeros = g.Weight(ZeroOf(tensor.Name));
            if (g.TypeOf(zeros) == ElementType.Float32)
                return zeros;
            var unpacked = g.Reshape(Unpack(g, zeros), _rows, -1);
            return g.Node("Slice", [unpacked, g.Integers(0), g.Integers(_blocks), g.Integers(1)]);
        }

        /// <summary>Bytes to floats; of two 4-bit numbers in a byte the low half comes first. Floats hold all of it exactly.</summary>
        private string Unpack(GraphBuilder g, string packed)
        {
            var bytes = g.Node("Cast", [packed], ("to", (int)ElementType.Float32));
            if (bits == 8)
                return bytes;
            var high = g.Apply("Floor", g.Mul(bytes, 1 / 16f));
            var low = g.Sub(bytes, g.Mul(high, 16));
            return g.Concat(-1, g.Unsqueeze(low, -1), g.Unsqueeze(high, -1));
        }
    }
}
