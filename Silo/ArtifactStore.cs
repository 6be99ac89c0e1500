using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using FwdLLM.Modeling.Compilation;
using Microsoft.Net.Http.Headers;

namespace FwdLLM.Silo;

/// <summary>
/// Serves compiled models by content: a model is named by the SHA-256 of its manifest, and only files the manifest lists are served.
/// No name that a request gives is ever part of a path.
/// </summary>
internal sealed partial class ArtifactStore(string folder)
{
    private const int MaxManifestBytes = 64 << 20;

    private readonly string _root = Path.GetFullPath(folder);
    private readonly ConcurrentDictionary<string, Model> _models = new(StringComparer.Ordinal);
    private readonly Lock _scan = new();
    private readonly HashSet<(string Path, DateTime Written)> _read = [];

    public IResult Serve(string sha256, string file)
    {
        if (!Sha256Pattern().IsMatch(sha256))
            return Text("the artifact's name is not a SHA-256; give 64 lower-case hexadecimal digits.", StatusCodes.Status400BadRequest);
        if (Find(sha256) is not { } model)
            return Text($"there is no artifact {sha256} here.", StatusCodes.Status404NotFound);
        if (!model.Files.TryGetValue(file, out var known))
            return Text($"artifact {sha256} lists no file of that name.", StatusCodes.Status404NotFound);
        // The file's hash is its entity tag: a resumed download never mixes two contents.
        return Results.File(known.Path, "application/octet-stream", entityTag: new EntityTagHeaderValue($"\"{known.Sha256}\""), enableRangeProcessing: true);
    }

    private static IResult Text(string message, int status) => Results.Text(message, statusCode: status);

    private Model? Find(string sha256)
    {
        if (!_models.TryGetValue(sha256, out var model))
        {
            Scan();
            _models.TryGetValue(sha256, out model);
        }

        return model;
    }

    // Manifests already read are skipped, so that requests for what is not here cost one listing of the folder.
    private void Scan()
    {
        lock (_scan)
        {
            if (!Directory.Exists(_root))
                return;
            foreach (var subfolder in Directory.EnumerateDirectories(_root))
            {
                var manifest = new FileInfo(Path.Combine(subfolder, CompiledModel.ManifestFile));
                if (manifest.Exists && manifest.Length <= MaxManifestBytes && _read.Add((manifest.FullName, manifest.LastWriteTimeUtc)))
                    Add(manifest);
            }
        }
    }

    private void Add(FileInfo manifest)
    {
        var bytes = File.ReadAllBytes(manifest.FullName);
        ModelManifest content;
        try
        {
            content = ModelManifest.FromBytes(bytes);
        }
        catch (InvalidDataException)
        {
            // Not a model of this version: nothing to serve, and no reason to stop serving the others.
            return;
        }

        var sha256 = Convert.ToHexStringLower(SHA256.HashData(bytes));
        var files = content.Files
            .Where(file => FileNamePattern().IsMatch(file.Name))
            .ToDictionary(file => file.Name, file => (Path.Combine(manifest.DirectoryName!, file.Name), file.Sha256), StringComparer.Ordinal);
        files[CompiledModel.ManifestFile] = (manifest.FullName, sha256);
        _models[sha256] = new Model(files);
    }

    [GeneratedRegex("^[0-9a-f]{64}$")]
    private static partial Regex Sha256Pattern();

    [GeneratedRegex("^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$")]
    private static partial Regex FileNamePattern();

    private sealed record Model(IReadOnlyDictionary<string, (string Path, string Sha256)> Files);
}
