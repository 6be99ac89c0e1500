namespace FwdLLM.Grains;

/// <inheritdoc cref="IJobIndexGrain"/>
[GrainType("jobindex")]
public sealed class JobIndexGrain([PersistentState("jobindex", GrainsServices.Storage)] IPersistentState<JobIndexState> store)
    : Grain, IJobIndexGrain
{
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        StateFormatException.ThrowIfUnknown(this.GetGrainId(), store.State.Format, JobIndexState.Known);
        return Task.CompletedTask;
    }

    public async Task Add(string jobId)
    {
        if (store.State.Unfinished.Contains(jobId)) return;
        store.State.Unfinished.Add(jobId);
        await store.SaveOrLeave(this);
    }

    public async Task Remove(string jobId)
    {
        if (store.State.Unfinished.Remove(jobId)) await store.SaveOrLeave(this);
    }

    public Task<IReadOnlyList<string>> List() => Task.FromResult<IReadOnlyList<string>>([.. store.State.Unfinished.Order(StringComparer.Ordinal)]);
}
