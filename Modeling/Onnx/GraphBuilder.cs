using System.Globalization;
using System.Runtime.InteropServices;
using FwdLLM.Modeling.Onnx.Format;
using Google.Protobuf;

namespace FwdLLM.Modeling.Onnx;

/// <summary>
/// Writes one ONNX graph (opset 17, IR 8; ONNX Runtime's own operators for quantised weights only). A tensor is the name of the edge that carries it.
/// Equal calls give equal bytes: names are numbered in order of creation.
/// </summary>
internal sealed class GraphBuilder(string name, IWeightStore weights)
{
    private const int AttributeFloat = 1;
    private const int AttributeInt = 2;
    private const int AttributeInts = 7;

    private const string RuntimeDomain = "com.microsoft";

    private readonly Graph _graph = new() { Name = name };
    private readonly HashSet<string> _used = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _constants = new(StringComparer.Ordinal);
    private readonly List<Entry> _metadata = [];
    private int _count;
    private bool _usesRuntimeDomain;

    /// <summary>Names of the weight file's tensors that this graph reads, in ordinal order.</summary>
    public IReadOnlyList<string> Weights => [.. _used.Order(StringComparer.Ordinal)];

    /// <summary>Declares a graph input; text dimensions are symbolic.</summary>
    public string Input(string input, ElementType type, params object[] dimensions)
    {
        _graph.Input.Add(Describe(input, type, dimensions));
        return input;
    }

    /// <summary>Declares that <paramref name="tensor"/> leaves the graph under the name <paramref name="output"/>.</summary>
    public void Output(string output, string tensor, params object[] dimensions)
    {
        var node = new Node { OpType = "Identity", Name = output };
        node.Input.Add(tensor);
        node.Output.Add(output);
        _graph.Node.Add(node);
        _graph.Output.Add(Describe(output, ElementType.Float32, dimensions));
    }

    /// <summary>A tensor of the weight file.</summary>
    public string Weight(string weight)
    {
        if (!_used.Add(weight))
            return weight;
        _graph.Initializer.Add(weights.Initializer(weight));
        return weight;
    }

    /// <summary>A float tensor in the graph's own file.</summary>
    public string FloatTensor(string tensor, float[] values, params int[] shape)
    {
        _graph.Initializer.Add(TensorFormat.Inline(tensor, ElementType.Float32, shape, MemoryMarshal.AsBytes(values.AsSpan()).ToArray()));
        return tensor;
    }

    /// <summary>A float tensor whose value a caller may replace: an input with a value of its own.</summary>
    public string Parameter(string tensor, float[] values, params int[] shape)
    {
        Input(tensor, ElementType.Float32, [.. shape.Cast<object>()]);
        return FloatTensor(tensor, values, shape);
    }

    /// <summary>Adds an entry to the file's metadata.</summary>
    public void Metadata(string key, string value) => _metadata.Add(new Entry { Key = key, Value = value });

    /// <summary>Element type of a tensor of the weight file.</summary>
    public ElementType TypeOf(string weight) => weights[weight].Type;

    /// <summary>Whether the weight file has this tensor.</summary>
    public bool HasWeight(string weight) => weights.Contains(weight);

    /// <summary>A small inline float constant without dimensions.</summary>
    public string Scalar(float value) => Constant("f" + BitConverter.SingleToInt32Bits(value).ToString("x8", CultureInfo.InvariantCulture), ElementType.Float32, MemoryMarshal.AsBytes<float>(new[] { value }), []);

    /// <summary>A small inline float vector.</summary>
    public string Floats(params float[] values) => Constant(
        "v" + string.Join('_', values.Select(value => BitConverter.SingleToInt32Bits(value).ToString("x8", CultureInfo.InvariantCulture))),
        ElementType.Float32, MemoryMarshal.AsBytes<float>(values), [values.Length]);

    /// <summary>A small inline byte without dimensions: a zero point.</summary>
    public string Byte(byte value) => Constant("u" + value.ToString(CultureInfo.InvariantCulture), ElementType.UInt8, [value], []);

    /// <summary>A small inline int64 vector: shapes, axes, split sizes.</summary>
    public string Integers(params long[] values) => Constant("i" + string.Join('_', values), ElementType.Int64, MemoryMarshal.AsBytes<long>(values), [values.Length]);

    /// <summary>A small inline int64 without dimensions.</summary>
    public string Integer(long value) => Constant("s" + value.ToString(CultureInfo.InvariantCulture), ElementType.Int64, MemoryMarshal.AsBytes<long>(new[] { value }), []);

    /// <summary>A node with one output.</summary>
    public string Node(string operation, IEnumerable<string> inputs, params (string Name, object Value)[] attributes) => Node(operation, inputs, 1, attributes)[0];

    /// <summary>A node of ONNX Runtime's own operator set, with one output.</summary>
    public string RuntimeNode(string operation, IEnumerable<string> inputs, params (string Name, object Value)[] attributes)
    {
        _usesRuntimeDomain = true;
        var output = Node(operation, inputs, attributes);
        _graph.Node[^1].Domain = RuntimeDomain;
        return output;
    }

    /// <summary>A node with several outputs.</summary>
    public string[] Node(string operation, IEnumerable<string> inputs, int outputs, params (string Name, object Value)[] attributes)
    {
        var id = $"{operation}_{_count++}";
        var node = new Node { OpType = operation, Name = id };
        node.Input.AddRange(inputs);
        for (var index = 0; index < outputs; index++)
            node.Output.Add(outputs == 1 ? id : $"{id}.{index}");
        node.Attribute.AddRange(attributes.Select(attribute => Encode(attribute.Name, attribute.Value)));
        _graph.Node.Add(node);
        return [.. node.Output];
    }

    /// <summary>The finished file.</summary>
    public byte[] ToBytes() => Finish().ToByteArray();

    /// <summary>Writes the finished file.</summary>
    public void WriteTo(Stream stream) => Finish().WriteTo(stream);

    private Model Finish()
    {
        var model = new Model { IrVersion = 8, ProducerName = "FwdLLM.Orleans", Graph = _graph };
        model.OpsetImport.Add(new OperatorSet { Version = 17 });
        model.MetadataProps.AddRange(_metadata);
        if (_usesRuntimeDomain)
            model.OpsetImport.Add(new OperatorSet { Domain = RuntimeDomain, Version = 1 });
        return model;
    }

    private string Constant(string key, ElementType type, ReadOnlySpan<byte> bytes, int[] shape)
    {
        if (_constants.TryGetValue(key, out var known))
            return known;
        var constant = "const." + key;
        _graph.Initializer.Add(TensorFormat.Inline(constant, type, shape, bytes.ToArray()));
        _constants.Add(key, constant);
        return constant;
    }

    private static ValueInfo Describe(string name, ElementType type, object[] dimensions)
    {
        var shape = new Shape();
        shape.Dim.AddRange(dimensions.Select(dimension => dimension is string symbol
            ? new Dimension { DimParam = symbol }
            : new Dimension { DimValue = Convert.ToInt64(dimension, CultureInfo.InvariantCulture) }));
        return new ValueInfo { Name = name, Type = new Format.ValueType { TensorType = new TensorType { ElemType = (int)type, Shape = shape } } };
    }

    private static Format.Attribute Encode(string name, object value)
    {
        switch (value)
        {
            case float number:
                return new Format.Attribute { Name = name, Type = AttributeFloat, F = number };
            case int or long:
                return new Format.Attribute { Name = name, Type = AttributeInt, I = Convert.ToInt64(value, CultureInfo.InvariantCulture) };
            case long[] list:
                var attribute = new Format.Attribute { Name = name, Type = AttributeInts };
                attribute.Ints.AddRange(list);
                return attribute;
            default:
                throw new ArgumentException($"Attribute '{name}' has type {value.GetType().Name}; the graphs use float, integer and integer list.", nameof(value));
        }
    }
}
