using System.Net;
using System.Net.Http.Headers;
using FwdLLM.Tests;
using Microsoft.Extensions.Hosting;

namespace FwdLLM.Silo.Tests;

public sealed class SiloHttpTests : IAsyncLifetime
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fwdllm-silo-http");
    private readonly HttpClient _http = new();
    private IHost _silo = null!;
    private string _sha256 = "";
    private int _gatewayPort;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _sha256 = TinyModel.Write(Path.Combine(_folder.FullName, "artifacts", "model"), ("weights.bin", [0, 1, 2, 3, 4, 5, 6, 7]));
        await File.WriteAllTextAsync(Path.Combine(_folder.FullName, "artifacts", "model", "unlisted.txt"), "not for everyone", Cancellation);
        await File.WriteAllTextAsync(Path.Combine(_folder.FullName, "artifacts", "secret.txt"), "not for anyone", Cancellation);
        var ports = FreePort.Take(3);
        _gatewayPort = ports[1];
        _http.BaseAddress = new Uri($"http://127.0.0.1:{ports[2]}");
        _silo = SiloHostBuilder.Build(new SiloSettings
        {
            SiloPort = ports[0],
            GatewayPort = ports[1],
            HttpPort = ports[2],
            StorageFolder = Path.Combine(_folder.FullName, "storage"),
            ArtifactsFolder = Path.Combine(_folder.FullName, "artifacts"),
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

    [Theory]
    [InlineData("/health/live", "live")]
    [InlineData("/health/ready", "ready")]
    public async Task Health_of_a_started_silo_is_good(string path, string text) => Assert.Equal(text, await _http.GetStringAsync(path, Cancellation));

    [Fact]
    public async Task Gateways_are_told_with_the_cluster_s_id() =>
        Assert.Equal($$"""{"cluster":"fwdllm","gateways":["127.0.0.1:{{_gatewayPort}}"]}""", await _http.GetStringAsync("/gateways", Cancellation));

    [Fact]
    public async Task Range_of_an_artifact_is_served_with_its_hash_as_tag()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/artifacts/{_sha256}/weights.bin");
        request.Headers.Range = new RangeHeaderValue(5, null);

        using var response = await _http.SendAsync(request, Cancellation);

        Assert.Equal(HttpStatusCode.PartialContent, response.StatusCode);
        Assert.Equal([5, 6, 7], await response.Content.ReadAsByteArrayAsync(Cancellation));
        Assert.Equal("\"8a851ff82ee7048ad09ec3847f1ddf44944104d2cbd17ef4e3db22c6785a0d45\"", response.Headers.ETag?.Tag);
    }

    [Theory]
    [InlineData("{0}/unlisted.txt", HttpStatusCode.NotFound)]
    [InlineData("{0}/..%2fsecret.txt", HttpStatusCode.NotFound)]
    [InlineData("{0}/..%2f..%2fsecret.txt", HttpStatusCode.NotFound)]
    [InlineData("model/weights.bin", HttpStatusCode.BadRequest)]
    [InlineData("..%2fmodel/weights.bin", HttpStatusCode.BadRequest)]
    [InlineData("%2e%2e/secret.txt", HttpStatusCode.NotFound)]
    public async Task Nothing_but_listed_files_is_served(string path, HttpStatusCode expected)
    {
        using var response = await _http.GetAsync("/artifacts/" + path.Replace("{0}", _sha256, StringComparison.Ordinal), Cancellation);

        Assert.Equal(expected, response.StatusCode);
    }

    [Fact]
    public async Task Dashboard_answers_this_machine_and_hides_the_log()
    {
        using var page = await _http.GetAsync("/dashboard/", Cancellation);
        using var trace = await _http.GetAsync("/dashboard/Trace", Cancellation);

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.Forbidden), (page.StatusCode, trace.StatusCode));
    }
}
