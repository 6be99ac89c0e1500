using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using FwdLLM.Modeling.Compilation;

namespace FwdLLM.DeviceAgent;

/// <summary>
/// Brings a compiled model into the local artifacts folder: resumes interrupted files, checks every hash, and shows the folder under its
/// name only when it is complete. A model that is already there is not fetched.
/// </summary>
public sealed class ArtifactDownloader(HttpClient http, string artifactsFolder)
{
    private const int MaxManifestBytes = 64 << 20;

    /// <summary>Largest file a device accepts.</summary>
    private const long MaxFileBytes = 64L << 30;

    /// <summary>The folder of the model with this manifest, fetched first if it is not in the artifacts folder yet.</summary>
    /// <param name="source">Address that <c>/artifacts/…</c> is appended to; null when nothing may be fetched.</param>
    /// <param name="manifestSha256">SHA-256 of the manifest, lower-case hexadecimal.</param>
    /// <param name="cancellation">Stops; what has arrived is kept and continued next time.</param>
    /// <exception cref="ArtifactException">Not here and not to be had, or the bytes are not what their hash promises.</exception>
    public async Task<string> EnsureAsync(Uri? source, string manifestSha256, CancellationToken cancellation)
    {
        if (manifestSha256.Length != 64 || !manifestSha256.All(char.IsAsciiHexDigitLower))
            throw new ArtifactException($"'{manifestSha256}' is not the SHA-256 of a manifest; it has 64 lower-case hexadecimal digits.");
        if (FindLocal(manifestSha256) is { } present)
            return present;
        if (source is null)
            throw new ArtifactException($"model {manifestSha256} is not in {Path.GetFullPath(artifactsFolder)}; copy it there, or give an artifacts URL.");

        var complete = Path.Combine(artifactsFolder, manifestSha256);
        var partial = complete + ".partial";
        Directory.CreateDirectory(partial);
        var root = new Uri(source, $"artifacts/{manifestSha256}/");
        var manifest = await FetchManifestAsync(new Uri(root, CompiledModel.ManifestFile), partial, manifestSha256, cancellation);
        foreach (var file in manifest.Files)
            await FetchFileAsync(new Uri(root, Uri.EscapeDataString(file.Name)), Path.Combine(partial, PlainName(file)), file, cancellation);
        if (!Directory.Exists(complete))
            Directory.Move(partial, complete);
        return complete;
    }

    // The folder's name is not the hash where a compiler's cache is shared; the manifest decides.
    private string? FindLocal(string manifestSha256)
    {
        if (!Directory.Exists(artifactsFolder))
            return null;
        return Directory.EnumerateDirectories(artifactsFolder)
            .Where(folder => !folder.EndsWith(".partial", StringComparison.Ordinal))
            .FirstOrDefault(folder => new FileInfo(Path.Combine(folder, CompiledModel.ManifestFile)) is { Exists: true, Length: <= MaxManifestBytes } manifest
                && Sha256(File.ReadAllBytes(manifest.FullName)) == manifestSha256);
    }

    private async Task<ModelManifest> FetchManifestAsync(Uri address, string folder, string sha256, CancellationToken cancellation)
    {
        using var response = await SendAsync(new HttpRequestMessage(HttpMethod.Get, address), cancellation);
        if (response.StatusCode != HttpStatusCode.OK)
            throw new ArtifactException($"{address} answered {(int)response.StatusCode}: {await ExplanationAsync(response, cancellation)}");
        if (response.Content.Headers.ContentLength is not (> 0 and <= MaxManifestBytes))
            throw new ArtifactException($"{address} answers with {response.Content.Headers.ContentLength?.ToString() ?? "an unknown number of"} bytes; a manifest has 1 to {MaxManifestBytes}.");
        var bytes = await response.Content.ReadAsByteArrayAsync(cancellation);
        if (Sha256(bytes) is var actual && actual != sha256)
            throw new ArtifactException($"{address} has SHA-256 {actual}; the job wants {sha256}.");
        await File.WriteAllBytesAsync(Path.Combine(folder, CompiledModel.ManifestFile), bytes, cancellation);
        return ModelManifest.FromBytes(bytes);
    }

    private async Task FetchFileAsync(Uri address, string path, ModelFile file, CancellationToken cancellation)
    {
        if (file.Length is < 0 or > MaxFileBytes)
            throw new ArtifactException($"the manifest gives '{file.Name}' {file.Length} bytes; a file has at most {MaxFileBytes}.");
        await using (var target = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None))
        {
            if (target.Length > file.Length)
                target.SetLength(0);
            target.Position = target.Length;
            if (target.Length < file.Length)
                await AppendAsync(address, target, file, cancellation);
            target.Position = 0;
            var actual = Convert.ToHexStringLower(await SHA256.HashDataAsync(target, cancellation));
            if (actual == file.Sha256)
                return;
            target.SetLength(0);
            throw new ArtifactException($"{address} has SHA-256 {actual}; the manifest promises {file.Sha256}. What arrived is deleted; try again.");
        }
    }

    private async Task AppendAsync(Uri address, FileStream target, ModelFile file, CancellationToken cancellation)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, address);
        if (target.Position > 0)
            request.Headers.Range = new RangeHeaderValue(target.Position, null);
        using var response = await SendAsync(request, cancellation);
        if (response.StatusCode == HttpStatusCode.OK)
            target.SetLength(0);
        else if (response.StatusCode != HttpStatusCode.PartialContent || response.Content.Headers.ContentRange?.From != target.Position)
            throw new ArtifactException($"{address} answered {(int)response.StatusCode}: {await ExplanationAsync(response, cancellation)}");

        await using var body = await response.Content.ReadAsStreamAsync(cancellation);
        var buffer = new byte[128 << 10];
        for (int read; (read = await ReadAsync(body, buffer, address, cancellation)) > 0;)
        {
            if (read > file.Length - target.Position)
                throw new ArtifactException($"{address} sends more than the {file.Length} bytes the manifest promises.");
            await target.WriteAsync(buffer.AsMemory(0, read), cancellation);
        }

        if (target.Position != file.Length)
            throw new ArtifactException($"{address} broke off after {target.Position} of {file.Length} bytes; try again and it continues there.");
    }

    private static async Task<int> ReadAsync(Stream body, byte[] buffer, Uri address, CancellationToken cancellation)
    {
        try
        {
            return await body.ReadAsync(buffer, cancellation);
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            throw new ArtifactException($"{address} broke off: {e.Message} Try again and it continues there.", e);
        }
    }

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        try
        {
            return await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
        }
        catch (HttpRequestException e)
        {
            throw new ArtifactException($"{request.RequestUri} cannot be reached: {e.Message} Check the artifacts URL and that the silo's HTTP is on.", e);
        }
    }

    private static async Task<string> ExplanationAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        if (response.Content.Headers.ContentLength is not (> 0 and <= 1024))
            return response.ReasonPhrase ?? "no explanation";
        return await response.Content.ReadAsStringAsync(cancellation);
    }

    private static string PlainName(ModelFile file) => file.Name == Path.GetFileName(file.Name) && file.Name is not ("" or "." or ".." or CompiledModel.ManifestFile)
        ? file.Name
        : throw new ArtifactException($"the manifest names the file '{file.Name}', which is not a plain file name.");

    private static string Sha256(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}
