using FwdLLM.Modeling.Architectures;
using FwdLLM.Modeling.Tokenization;

namespace FwdLLM.Modeling.Checkpoints;

/// <summary>A Hugging Face folder.</summary>
internal sealed class FolderCheckpoint : Checkpoint
{
    private readonly ITensorFile _file;
    private readonly NormalizedNames _names;

    private FolderCheckpoint(string folder, ModelConfig config, ITensorFile file) : base(folder, config)
    {
        _file = file;
        _names = new NormalizedNames(file, KnownArchitectures.Get(config.Architecture));
        new CheckpointValidator(file.Path, config, _names).Check();
        Pooling = PoolingReader.Read(folder, config, Contains);
    }

    public override IReadOnlyList<string> Names => _names.All;

    public override IReadOnlyList<TokenizerFile> TokenizerFiles => TokenizerFile.Of(Location);

    public static Checkpoint OpenFolder(string folder)
    {
        var config = KnownArchitectures.ReadConfig(Path.Combine(folder, ConfigFile));
        ITensorFile? file = null;
        try
        {
            file = TensorFiles.Open(folder);
            var checkpoint = new FolderCheckpoint(folder, config, file);
            file = null;
            return checkpoint;
        }
        finally
        {
            file?.Dispose();
        }
    }

    public override bool Contains(string name) => _names.Find(name) is not null;

    public override IReadOnlyList<int> Shape(string name) => Get(name).Shape;

    public override TensorType? StoredType(string name) => Get(name).Type;

    public override float[] ReadFloat32(string name)
    {
        var tensor = Get(name);
        if (tensor.Type != TensorType.I8)
            return _file.ReadFloat32(tensor.Name);
        var (quantised, scales) = ReadInt8(name);
        return RowQuantizer.Dequantize(quantised, scales);
    }

    public override (sbyte[] Values, float[] Scales) ReadInt8(string name)
    {
        var tensor = Get(name);
        return (_file.ReadInt8(tensor.Name), _file.ReadFloat32(tensor.Name + NormalizedNames.ScaleSuffix));
    }

    public override void Dispose() => _file.Dispose();

    private protected override ITokenizer CreateTokenizer() => Tokenizers.Load(Location);

    private protected override string ComputeSha256() => CheckpointHash.Compute(Location, Config, Pooling, _file, _names);

    private TensorInfo Get(string name) => _names.Find(name)
        ?? throw new CheckpointException($"{_file.Path} has no tensor '{name}'; the checkpoint is of another architecture, or this layer was dropped from it.");
}
