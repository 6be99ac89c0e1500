using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Net.Http.Headers;

namespace FwdLLM.Silo;

/// <summary>
/// Serves compiled models by content: folder names are the SHA-256 of their manifest, and only files the manifest lists are served,
/// so no name that a request gives is ever used as a path.
/// </summary>
internal sealed partial class ArtifactStore(string folder)
{
    private const string ManifestName = "manifest.json";
    private const int MaxManifestBytes = 16 << 20;

    private readonly string _root = Path.GetFullPath(folder);
    private readonly ConcurrentDictionary<string, HashSet<string>> _manifests = new(StringComparer.Ordinal);

    public IResult Serve(string sha256, string file)
    {
        if (!Sha256Pattern().IsMatch(sha256))
            return Results.Text($"'{sha256}' is not a SHA-256; give 64 lower-case hexadecimal digits.", statusCode: StatusCodes.Status400BadRequest);
        if (Files(sha256) is not { } files)
            return Results.Text($"there is no artifact {sha256} here.", statusCode: StatusCodes.Status404NotFound);
        if (!files.TryGetValue(file, out var name))
            return Results.Text($"artifact {sha256} lists no file of that name.", statusCode: StatusCodes.Status404NotFound);
        // Content never changes under its hash, so the hash and name together are the entity's tag.
        return Results.File(Path.Combine(_root, sha256, name), "application/octet-stream", entityTag: new EntityTagHeaderValue($"\"{sha256}/{name}\""), enableRangeProcessing: true);
    }

    private HashSet<string>? Files(string sha256)
    {
        if (_manifests.TryGetValue(sha256, out var known))
            return known;
        var path = new FileInfo(Path.Combine(_root, sha256, ManifestName));
        if (!path.Exists || path.Length > MaxManifestBytes)
            return null;
        var bytes = File.ReadAllBytes(path.FullName);
        if (Convert.ToHexStringLower(SHA256.HashData(bytes)) != sha256)
            return null;
        using var manifest = JsonDocument.Parse(bytes);
        var files = new HashSet<string>(StringComparer.Ordinal) { ManifestName };
        foreach (var entry in manifest.RootElement.GetProperty("files").EnumerateArray())
            if (entry.GetProperty("name").GetString() is { } name && FileNamePattern().IsMatch(name))
                files.Add(name);
        _manifests[sha256] = files;
        return files;
    }

    [GeneratedRegex("^[0-9a-f]{64}$")]
    private static partial Regex Sha256Pattern();

    [GeneratedRegex("^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$")]
    private static partial Regex FileNamePattern();
}
