using System.Net;
using FwdLLM.Silo;
using FwdLLM.Tests;
using Microsoft.Extensions.Hosting;

namespace FwdLLM.DeviceAgent.Tests;

/// <summary>Against a real silo's HTTP endpoint on a loopback port.</summary>
public sealed class ArtifactDownloaderTests : IAsyncLifetime
{
    private static readonly byte[] Weights = [.. Enumerable.Range(0, 100_000).Select(value => (byte)(value * 31))];

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fwdllm-artifacts");
    private readonly RecordingHandler _http = new();
    private IHost _silo = null!;
    private Uri _source = null!;
    private string _sha256 = "";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string Served => Path.Combine(_folder.FullName, "served");

    private string Local => Path.Combine(_folder.FullName, "local");

    public async ValueTask InitializeAsync()
    {
        // The folder's name is a compiler's cache key, not the hash.
        _sha256 = TinyModel.Write(Path.Combine(Served, "cache-key"), ("weights.bin", Weights), ("forward.onnx", [1, 2, 3]));
        var ports = FreePort.Take(3);
        _source = new Uri($"http://127.0.0.1:{ports[2]}/");
        _silo = SiloHostBuilder.Build(new SiloSettings
        {
            SiloPort = ports[0],
            GatewayPort = ports[1],
            HttpPort = ports[2],
            Dashboard = false,
            StorageFolder = Path.Combine(_folder.FullName, "storage"),
            ArtifactsFolder = Served,
        });
        await _silo.StartAsync(Cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        await _silo.StopAsync(CancellationToken.None);
        _silo.Dispose();
        _http.Dispose();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Model_is_fetched_once_and_then_found_in_the_folder()
    {
        var downloader = CreateDownloader();

        var folder = await downloader.EnsureAsync(_source, _sha256, Cancellation);
        var requests = _http.Requests.Count;
        var again = await downloader.EnsureAsync(_source, _sha256, Cancellation);

        Assert.Equal(Path.Combine(Local, _sha256), folder);
        Assert.Equal(folder, again);
        Assert.Equal(Weights, await File.ReadAllBytesAsync(Path.Combine(folder, "weights.bin"), Cancellation));
        Assert.Equal((3, 3), (requests, _http.Requests.Count));
        Assert.False(Directory.Exists(folder + ".partial"));
    }

    [Fact]
    public async Task Interrupted_file_is_continued_where_it_broke_off()
    {
        var partial = Path.Combine(Local, _sha256 + ".partial");
        Directory.CreateDirectory(partial);
        await File.WriteAllBytesAsync(Path.Combine(partial, "weights.bin"), Weights[..60_000], Cancellation);

        var folder = await CreateDownloader().EnsureAsync(_source, _sha256, Cancellation);

        var resumed = Assert.Single(_http.Requests, request => request.Range is not null);
        Assert.Equal(("bytes=60000-", HttpStatusCode.PartialContent, 40_000L), (resumed.Range, resumed.Status, resumed.Length));
        Assert.Equal(Weights, await File.ReadAllBytesAsync(Path.Combine(folder, "weights.bin"), Cancellation));
    }

    [Fact]
    public async Task Damaged_beginning_is_noticed_by_its_hash_and_thrown_away()
    {
        var partial = Path.Combine(Local, _sha256 + ".partial");
        Directory.CreateDirectory(partial);
        await File.WriteAllBytesAsync(Path.Combine(partial, "weights.bin"), new byte[60_000], Cancellation);
        var downloader = CreateDownloader();

        var error = await Assert.ThrowsAsync<ArtifactException>(() => downloader.EnsureAsync(_source, _sha256, Cancellation));

        Assert.Contains("the manifest promises", error.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(Local, _sha256)));
        var folder = await downloader.EnsureAsync(_source, _sha256, Cancellation);
        Assert.Equal(Weights, await File.ReadAllBytesAsync(Path.Combine(folder, "weights.bin"), Cancellation));
    }

    [Fact]
    public async Task Model_the_silo_does_not_have_is_named()
    {
        var unknown = new string('a', 64);

        var error = await Assert.ThrowsAsync<ArtifactException>(() => CreateDownloader().EnsureAsync(_source, unknown, Cancellation));

        Assert.Contains($"there is no artifact {unknown}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Manifest_that_names_a_path_outside_its_folder_is_refused()
    {
        var hostile = TinyModel.Write(Path.Combine(Served, "hostile"), ("../escaped.bin", [1]));

        var error = await Assert.ThrowsAsync<ArtifactException>(() => CreateDownloader().EnsureAsync(_source, hostile, Cancellation));

        Assert.Contains("'../escaped.bin', which is not a plain file name", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Shared_folder_needs_no_server()
    {
        using var client = new HttpClient(_http, disposeHandler: false);

        var folder = await new ArtifactDownloader(client, Served).EnsureAsync(null, _sha256, Cancellation);

        Assert.Equal(Path.Combine(Served, "cache-key"), folder);
        Assert.Empty(_http.Requests);
    }

    private ArtifactDownloader CreateDownloader() => new(new HttpClient(_http, disposeHandler: false), Local);

    private sealed record Request(string Path, string? Range, HttpStatusCode Status, long Length);

    private sealed class RecordingHandler() : DelegatingHandler(new SocketsHttpHandler())
    {
        public List<Request> Requests { get; } = [];

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var response = await base.SendAsync(request, cancellationToken);
            Requests.Add(new Request(request.RequestUri!.AbsolutePath, request.Headers.Range?.ToString(), response.StatusCode, response.Content.Headers.ContentLength ?? -1));
            return response;
        }
    }
}
