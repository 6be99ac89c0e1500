using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using FwdLLM.Grains;
using FwdLLM.Grains.Interfaces;
using FwdLLM.Silo.Storage;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;
using Orleans.Storage;

namespace FwdLLM.Tests.Grains;

/// <summary>
/// Yesterday's bytes still load. Beside each record that an earlier build wrote lies what it held, as JSON: every value must be read again.
/// New fields may come; a record is never written anew. For a new state or format, <c>FWDLLM_WRITE_STATES=1</c> adds the files that are missing.
/// </summary>
public sealed class StateBytesTests : IDisposable
{
    private static readonly string Folder = Path.Combine(TestPaths.Repository, "Tests", "Grains.Tests", "States");
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals };

    private readonly ServiceProvider _services = new ServiceCollection().AddSerializer(s => s.AddAssembly(typeof(JobState).Assembly).AddAssembly(typeof(JobSpec).Assembly)).BuildServiceProvider();

    public void Dispose() => _services.Dispose();

    [Fact]
    public Task Job() => Check<JobState>("job");

    [Fact]
    public Task Roster() => Check<RosterState>("roster");

    [Fact]
    public Task Job_index() => Check<JobIndexState>("jobindex");

    [Fact]
    public Task Round() => Check<RoundState>("round");

    [Fact]
    public Task Device() => Check<DeviceState>("device");

    [Fact]
    public Task Device_pool() => Check<DevicePoolState>("pool");

    [Fact]
    public Task Model() => Check<ModelGrainState>("model");

    [Fact]
    public Task Journal() => Check<JournalState>("journal");

    private async Task Check<T>(string name)
        where T : class
    {
        var (bytes, json) = (Path.Combine(Folder, $"{name}-1.bin"), Path.Combine(Folder, $"{name}-1.json"));
        var serializer = new OrleansGrainStorageSerializer(_services.GetRequiredService<Serializer>());
        if (Environment.GetEnvironmentVariable("FWDLLM_WRITE_STATES") == "1" && !File.Exists(bytes))
        {
            var sample = FilledState.Create<T>();
            await File.WriteAllBytesAsync(bytes, RecordEnvelope.Seal(serializer.Serialize(sample)), TestContext.Current.CancellationToken);
            await File.WriteAllTextAsync(json, JsonSerializer.Serialize(sample, Json) + "\n", TestContext.Current.CancellationToken);
        }

        var store = new OneRecordStore(await File.ReadAllBytesAsync(bytes, TestContext.Current.CancellationToken));
        await using var storage = new DurableGrainStorage("test", store, serializer);
        var state = new GrainState<T>(Activator.CreateInstance<T>());
        await storage.ReadStateAsync(name, GrainId.Create("test", "one"), state);
        var held = JsonNode.Parse(await File.ReadAllTextAsync(json, TestContext.Current.CancellationToken))!;

        Same(held, JsonSerializer.SerializeToNode(state.State, Json), name);
        Assert.True(held.AsObject().Count > 1);
    }

    private static void Same(JsonNode? held, JsonNode? read, string path)
    {
        switch (held)
        {
            case JsonObject fields:
                foreach (var (name, value) in fields)
                    Same(value, Assert.IsType<JsonObject>(read)[name], $"{path}.{name}");
                break;
            case JsonArray items:
                Assert.Equal((path, items.Count), (path, Assert.IsType<JsonArray>(read).Count));
                for (var i = 0; i < items.Count; i++)
                    Same(items[i], read![i], $"{path}[{i}]");
                break;
            default:
                Assert.Equal((path, held?.ToJsonString()), (path, read?.ToJsonString()));
                break;
        }
    }

    private sealed class OneRecordStore(byte[] bytes) : IRecordStore
    {
        public string Place => "a file";

        public Task OpenAsync(CancellationToken cancellation) => Task.CompletedTask;

        public Task<StoredRecord?> ReadAsync(RecordKey key) => Task.FromResult<StoredRecord?>(new StoredRecord(1, bytes));

        public Task<WriteOutcome> WriteAsync(RecordKey key, long? etag, byte[]? record) => throw new NotSupportedException();

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
