using System.Net;
using System.Text;

namespace FwdLLM.DeviceAgent.Tests;

public sealed class HttpGatewayListTests
{
    private const string Good = """{"cluster": "fwdllm", "gateways": ["10.0.0.1:30000", "[::1]:30001"]}""";

    private readonly Silos _silos = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task List_follows_the_cluster()
    {
        using var list = Create(["a"]);
        _silos.Answers["a"] = () => Json(Good);
        Assert.Equal(["10.0.0.1:30000", "[::1]:30001"], await Ask(list));

        _silos.Answers["a"] = () => Json("""{"cluster": "fwdllm", "gateways": ["10.0.0.2:30000"]}""");
        Assert.Equal(["10.0.0.2:30000"], await Ask(list));
        Assert.Null(list.LastFailure);
    }

    [Fact]
    public async Task Seeds_and_later_what_was_known_last_are_kept_while_no_silo_answers()
    {
        using var list = Create(["a", "b"], "127.0.0.1:5");
        Assert.Equal(["127.0.0.1:5"], await Ask(list));

        _silos.Answers["b"] = () => Json(Good);
        Assert.Equal(["10.0.0.1:30000", "[::1]:30001"], await Ask(list));
        _silos.Answers.Clear();
        Assert.Equal(["10.0.0.1:30000", "[::1]:30001"], await Ask(list));
        Assert.StartsWith("http://", list.LastFailure, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Silo_that_hangs_costs_its_timeout_once()
    {
        using var list = Create(["a", "b"]);
        _silos.Answers["a"] = () => new TaskCompletionSource<HttpResponseMessage>().Task;
        _silos.Answers["b"] = () => Json(Good);
        await Ask(list);
        await Ask(list);
        Assert.Equal(["a", "b", "b"], _silos.Asked);
    }

    [Theory]
    [InlineData("", "not a list of gateways")]
    [InlineData("[1]", "not a list of gateways")]
    [InlineData("""{"gateways": ["10.0.0.1:30000"]}""", "not a list of gateways")]
    [InlineData("""{"cluster": "other", "gateways": ["10.0.0.1:30000"]}""", "of cluster 'other', not 'fwdllm'")]
    [InlineData("""{"cluster": "fwdllm", "gateways": []}""", "names no gateway")]
    [InlineData("""{"cluster": "fwdllm", "gateways": ["10.0.0.1:30000", "evil.example:1"]}""", "'evil.example:1', which is not an address")]
    [InlineData("""{"cluster": "fwdllm", "gateways": ["10.0.0.1"]}""", "'10.0.0.1', which is not an address")]
    [InlineData("""{"cluster": "fwdllm", "gateways": ["0.0.0.0:30000"]}""", "'0.0.0.0:30000', which is not an address")]
    [InlineData("""{"cluster": "fwdllm", "gateways": [30000]}""", "not a list of gateways")]
    public async Task Answer_that_is_not_a_list_of_gateways_is_not_used(string answer, string because)
    {
        using var list = Create(["a"], "127.0.0.1:5");
        _silos.Answers["a"] = () => Json(answer);
        Assert.Equal(["127.0.0.1:5"], await Ask(list));
        Assert.Contains(because, list.LastFailure, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Answer_without_end_is_not_read_to_the_end()
    {
        using var list = Create(["a"], "127.0.0.1:5");
        _silos.Answers["a"] = () => Json(Good + new string(' ', HttpGatewayList.MostBytes));
        Assert.Equal(["127.0.0.1:5"], await Ask(list));
    }

    private static Task<HttpResponseMessage> Json(string text) => Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent(text, Encoding.UTF8, "application/json") });

    private static async Task<string[]> Ask(HttpGatewayList list) => [.. (await list.GetGatewaysAsync(Cancellation)).Select(uri => uri.ToGatewayAddress()!.Endpoint.ToString())];

    private HttpGatewayList Create(string[] hosts, params string[] seeds) => new(
        [.. hosts.Select(host => new Uri($"http://{host}/"))],
        seeds.Select(IPEndPoint.Parse),
        "fwdllm",
        new ResilienceOptions { GatewaysUrlTimeout = TimeSpan.FromMilliseconds(100) },
        () => 0,
        _silos);

    private sealed class Silos : HttpMessageHandler
    {
        public Dictionary<string, Func<Task<HttpResponseMessage>>> Answers { get; } = [];

        public List<string> Asked { get; } = [];

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Assert.Equal("/gateways", request.RequestUri!.AbsolutePath);
            Asked.Add(request.RequestUri.Host);
            return Answers.TryGetValue(request.RequestUri.Host, out var answer) ? answer().WaitAsync(cancellationToken) : throw new HttpRequestException("refused");
        }
    }
}
