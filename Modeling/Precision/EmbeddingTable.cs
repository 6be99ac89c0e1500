using FwdLLM.Modeling.Architectures;
using FwdLLM.Modeling.Checkpoints;
using FwdLLM.Modeling.Onnx;

namespace FwdLLM.Modeling.Precision;

/// <summary>A table of embeddings [rows, width]: in float32, or in 8 bits with one scale per row. Its element type in the weight file says which.</summary>
internal static class EmbeddingTable
{
    public static void WriteQuantized(WeightFile file, ModelTensor table, ITensorSource source)
    {
        var (values, scales) = RowQuantizer.Quantize(source.ReadFloat32(table.Name), table.Shape[0]);
        file.Add(table.Name, values, table.Shape);
        file.Add(ScaleOf(table.Name), scales, table.Shape[0], 1);
    }

    /// <summary>Rows of a table, [count, width], for ids [count].</summary>
    public static string Rows(GraphBuilder g, string table, string ids)
    {
        var rows = g.Node("Gather", [g.Weight(table), ids], ("axis", 0));
        return g.TypeOf(table) == ElementType.Int8
            ? g.Mul(g.Node("Cast", [rows], ("to", (int)ElementType.Float32)), g.Node("Gather", [g.Weight(ScaleOf(table)), ids], ("axis", 0)))
            : rows;
    }

    private static string ScaleOf(string table) => table + ".scale";
}
