namespace FwdLLM.Modeling.Checkpoints.Gguf;

/// <summary>
/// A LLaMA model's tensors under Hugging Face's names and in its row order. GGUF stores the rows of attn_q and attn_k so that the two
/// halves of a rotary pair are neighbours; Hugging Face has them half a head apart. Rows move as they are stored, so quantised
/// rows keep their blocks. Does not own the file.
/// </summary>
public sealed class GgufLlamaTensors : ITensorSource
{
    private readonly GgufFile _file;
    private readonly Dictionary<string, Source> _sources = new(StringComparer.Ordinal);

    /// <summary>Finds every tensor and checks its shape, before any weight is read.</summary>
    /// <exception cref="CheckpointException">A tensor is missing, of another shape, or has no place in a LLaMA model.</exception>
    public GgufLlamaTensors(GgufFile file)
    {
        _file = file;
        Config = GgufLlamaConfig.Read(file);
        AddModel();
        for (var layer = 0; layer < Config.Layers; layer++)
            AddLayer(layer);
        CheckNothingElse();
    }

    /// <summary>Sizes of the model.</summary>
    public GgufLlamaConfig Config { get; }

    /// <summary>Hugging Face's names of all tensors, in the model's order. Without lm_head.weight where the output is tied.</summary>
    public IReadOnlyCollection<string> Names => _sources.Keys;

    /// <inheritdoc/>
    public bool Contains(string name) => _sources.ContainsKey(name);

    /// <inheritdoc/>
    public IReadOnlyList<int> Shape(string name) => Find(name).Tensor.Shape;

    /// <summary>The stored tensor behind a name: its type, its size, and its name in the file.</summary>
    /// <exception cref="CheckpointException">There is no such tensor.</exception>
    public GgufTensor Stored(string name) => Find(name).Tensor;

    /// <inheritdoc/>
    public float[] ReadFloat32(string name)
    {
        var source = Find(name);
        if (!source.Permuted)
            return _file.ReadFloat32(source.Tensor.Name);
        if (source.Tensor.Count > Array.MaxLength)
            throw _file.Metadata.Refused($"has {source.Tensor.Count} elements in tensor '{name}', more than one array holds; read it by rows.");
        var values = new float[source.Tensor.Count];
        ReadRows(name, 0, values);
        return values;
    }

    /// <summary>Dequantises rows, in Hugging Face's order.</summary>
    /// <inheritdoc cref="GgufFile.ReadRows"/>
    public void ReadRows(string name, long firstRow, Span<float> target)
    {
        var source = Find(name);
        if (!source.Permuted)
        {
            _file.ReadRows(source.Tensor.Name, firstRow, target);
            return;
        }

        var length = source.Tensor.RowElements;
        var rows = GgufFile.CheckRows(source.Tensor, firstRow, target.Length, length);
        for (var row = 0; row < rows; row++)
            _file.ReadRows(source.Tensor.Name, source.StoredRow(firstRow + row), target.Slice(row * length, length));
    }

    /// <summary>Copies rows as stored, in Hugging Face's order.</summary>
    /// <inheritdoc cref="GgufFile.CopyRows"/>
    public void CopyRows(string name, long firstRow, Span<byte> target)
    {
        var source = Find(name);
        if (!source.Permuted)
        {
            _file.CopyRows(source.Tensor.Name, firstRow, target);
            return;
        }

        var rows = GgufFile.CheckRows(source.Tensor, firstRow, target.Length, source.Tensor.RowBytes);
        var length = (int)source.Tensor.RowBytes;
        for (var row = 0; row < rows; row++)
            _file.CopyRows(source.Tensor.Name, source.StoredRow(firstRow + row), target.Slice(row * length, length));
    }

    private void AddModel()
    {
        Add(GgufLlamaConfig.EmbeddingTensor, "model.embed_tokens.weight", [Config.VocabularySize, Config.HiddenSize]);
        Add("output_norm.weight", "model.norm.weight", [Config.HiddenSize]);
        if (!Config.TiedOutput)
            Add(GgufLlamaConfig.OutputTensor, "lm_head.weight", [Config.VocabularySize, Config.HiddenSize]);
    }

    private void AddLayer(int layer)
    {
        var (stored, name) = ($"blk.{layer}", $"model.layers.{layer}");
        long queries = (long)Config.AttentionHeads * Config.HeadSize;
        long keys = (long)Config.KeyValueHeads * Config.HeadSize;
        long hidden = Config.HiddenSize;
        long wide = Config.IntermediateSize;
        foreach (var (part, module, permuted) in GgufLlamaNames.Block)
            Add($"{stored}.{part}.weight", $"{name}.{module}.weight", part switch
            {
                "attn_norm" or "ffn_norm" => [hidden],
                "attn_q" => [queries, hidden],
                "attn_k" or "attn_v" => [keys, hidden],
                "attn_output" => [hidden, queries],
                "ffn_down" => [hidden, wide],
                _ => [wide, hidden],
            }, permuted);
    }

    private void Add(string stored, string name, long[] shape, bool permuted = false)
    {
        var tensor = _file[stored];
        if (!tensor.Shape.Select(size => (long)size).SequenceEqual(shape))
            throw _file.Metadata.Refused($"has tensor '{stored}' of shape {tensor.ShapeText} where [{string.Join(", ", shape)}] follows from its metadata; convert the model again.");
        _sources.Add(name, new Source(tensor, permuted, Config.HeadSize));
    }

    // A tensor that is passed over in silence, a bias or an expert, would make another model of it.
    private void CheckNothingElse()
    {
        var known = _sources.Values.Select(source => source.Tensor.Name).Append(GgufLlamaConfig.RopeTensor).ToHashSet(StringComparer.Ordinal);
        if (_file.Tensors.Keys.FirstOrDefault(name => !known.Contains(name)) is { } stranger)
            throw _file.Metadata.Refused($"has tensor '{stranger}', which a LLaMA model of {Config.Layers} layers without biases and experts does not; use such a model.");
    }

    private Source Find(string name) => _sources.TryGetValue(name, out var source)
        ? source
        : throw new CheckpointException($"{_file.Path} has no tensor for '{name}'; it has {_sources.Count} others. Use a model of the expected architecture.");

    /// <param name="Tensor">The stored tensor.</param>
    /// <param name="Permuted">Whether the rows of each head are stored in neighbouring pairs.</param>
    /// <param name="HeadSize">Rows of one head.</param>
    private sealed record Source(GgufTensor Tensor, bool Permuted, int HeadSize)
    {
        /// <summary>Where a row of Hugging Face's order is stored.</summary>
        public long StoredRow(long row) => GgufLlamaNames.StoredRow(row, HeadSize);
    }
}
