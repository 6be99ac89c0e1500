using System.IO.MemoryMappedFiles;
using FwdLLM.Modeling.Compilation;
using FwdLLM.Modeling.Onnx;
using FwdLLM.Modeling.Precision;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace FwdLLM.Inference;

/// <summary>
/// The ONNX Runtime sessions of one compiled model, each created at its first use. All sessions read one memory-mapped weight
/// file and share the matrices that ONNX Runtime repacks for its kernels.
/// </summary>
internal sealed unsafe class ModelSessions : IDisposable
{
    private readonly CompiledModel _model;
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private readonly byte* _weights;
    private readonly PrePackedWeightsContainer _packed = new();
    private readonly Dictionary<string, OrtValue> _tensors = new(StringComparer.Ordinal);
    private readonly Dictionary<string, InferenceSession> _sessions = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();
    private readonly RuntimeOptions _options;
    private bool _disposed;

    public ModelSessions(CompiledModel model, RuntimeOptions options)
    {
        (_model, _options) = (model, options);
        _file = MemoryMappedFile.CreateFromFile(Path.Combine(model.Folder, CompiledModel.WeightsFile), FileMode.Open, null, 0, MemoryMappedFileAccess.Read);
        _view = _file.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _weights);
    }

    /// <summary>The session of a graph; safe from several threads.</summary>
    public InferenceSession this[string graph]
    {
        get
        {
            lock (_lock)
            {
                ObjectDisposedException.ThrowIf(_disposed, typeof(ModelRuntime));
                if (!_sessions.TryGetValue(graph, out var session))
                    _sessions.Add(graph, session = Create(graph));
                return session;
            }
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            if (_disposed)
                return;
            _disposed = true;
            // Sessions point into the tensors, the tensors into the mapping.
            foreach (var session in _sessions.Values)
                session.Dispose();
            foreach (var tensor in _tensors.Values)
                tensor.Dispose();
            _packed.Dispose();
            _view.SafeMemoryMappedViewHandle.ReleasePointer();
            _view.Dispose();
            _file.Dispose();
        }
    }

    private InferenceSession Create(string name)
    {
        var graph = _model.Graph(name) ?? throw new InferenceException($"{_model.Folder} has no {name} graph; compile the model with it.");
        using var options = new SessionOptions
        {
            GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL,
            ExecutionMode = ExecutionMode.ORT_SEQUENTIAL,
            IntraOpNumThreads = _options.Threads,
            InterOpNumThreads = 1,
            // Shapes change with every micro-batch: patterns would be recorded and never used again.
            EnableMemoryPattern = false,
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR,
        };
        // Waiting threads of a background service must sleep, not spin.
        options.AddSessionConfigEntry("session.intra_op.allow_spinning", "0");
        options.AddSessionConfigEntry("session.inter_op.allow_spinning", "0");
        // The fused CPU kernel is slower than Add followed by LayerNormalization: docs/inference.md.
        options.AddSessionConfigEntry("optimization.disable_specified_optimizers", "SkipLayerNormFusion");
        if (!_options.Prepack)
            options.AddSessionConfigEntry("session.disable_prepacking", "1");
        var path = Path.Combine(_model.Folder, graph.File);
        foreach (var weight in graph.Weights)
            options.AddInitializer(weight, Tensor(weight));
        try
        {
            if (!_options.UnsignedWeights || _model.Manifest.WeightFormat != WeightFormats.Int8)
                return new InferenceSession(path, options, _packed);
            var (bytes, weights) = UnsignedWeights.Rewrite(File.ReadAllBytes(path));
            foreach (var (signed, unsigned) in weights)
                options.AddInitializer(unsigned, UnsignedTensor(signed, unsigned));
            // A graph without a file must be told where the file of its constants is, although all of them are given above.
            options.AddSessionConfigEntry("session.model_external_initializers_file_folder_path", Path.GetFullPath(_model.Folder));
            return new InferenceSession(bytes, options, _packed);
        }
        catch (Exception error) when (error is OnnxRuntimeException or IOException) // Protobuf's exception is of the second kind.
        {
            throw new InferenceException($"ONNX Runtime cannot load {graph.File} of {_model.Folder}: {error.Message} Verify the model's hashes or compile it again.", error);
        }
    }

    private OrtValue Tensor(string name) => Tensor(name, name, (entry, shape) => OrtValue.CreateTensorValueWithData(
        // Both enumerations have ONNX's numbers.
        OrtMemoryInfo.DefaultInstance, (TensorElementType)entry.Type, shape, (nint)(_weights + entry.Offset), entry.Length));

    private OrtValue UnsignedTensor(string signed, string name) => Tensor(name, signed, (entry, shape) =>
    {
        var bytes = new ReadOnlySpan<byte>(_weights + entry.Offset, checked((int)entry.Length)).ToArray();
        UnsignedWeights.Convert(bytes);
        return OrtValue.CreateTensorValueFromMemory(bytes, shape); // Pins the bytes until it is disposed of.
    });

    /// <summary>The tensor that sessions know as <paramref name="name"/>, made once from the constant <paramref name="stored"/> of the weight file.</summary>
    private OrtValue Tensor(string name, string stored, Func<WeightEntry, long[], OrtValue> create)
    {
        if (_tensors.TryGetValue(name, out var tensor))
            return tensor;
        var entry = _model.Manifest.Weights.FirstOrDefault(candidate => candidate.Name == stored)
            ?? throw new InferenceException($"{_model.Folder} has no weight '{stored}'; compile the model again.");
        tensor = create(entry, [.. entry.Shape.Select(size => (long)size)]);
        _tensors.Add(name, tensor);
        return tensor;
    }
}
