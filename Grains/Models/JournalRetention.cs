namespace FwdLLM.Grains;

/// <summary>
/// Keeps the last N to 2N rounds of a job's journal. Every N versions the older of two checkpoints becomes the base of replays;
/// entries are removed only when that is durable, so at every moment base and entries lead to the present version.
/// </summary>
internal sealed class JournalRetention(IPersistentState<CheckpointState> checkpoints, IPersistentState<ModelGrainState> model, ModelGrain owner)
{
    /// <summary>Entries removed after one commit: more than one is added, few enough not to hold up a round.</summary>
    private const int RemovedAtOnce = 4;

    private bool _removing;

    public Checkpoint? Base => checkpoints.State.Base;

    /// <summary>Takes the checkpoint that is due at the present version. Called before the next commit can come, also after a crash.</summary>
    public async Task TakeCheckpoint(long version)
    {
        var (rounds, state) = (model.State.Spec!.JournalRounds, checkpoints.State);
        if (rounds == 0 || version == 0 || version % rounds != 0 || state.Next?.Version >= version) return;
        (state.Base, state.Next) = (state.Next, new Checkpoint(version, model.State.JournalHash, model.State.Model));
        await checkpoints.SaveOrLeave(owner);
    }

    /// <summary>Removes some of the entries before the base. Where it has got to is stored with the next commit: removing again does nothing.</summary>
    public async Task Remove(Func<uint, IJournalGrain> journal)
    {
        if (_removing) return;
        _removing = true;
        try
        {
            for (var i = 0; i < RemovedAtOnce && model.State.JournalFirst < (Base?.Version ?? 0); i++)
            {
                await journal((uint)model.State.JournalFirst).Remove();
                model.State.JournalFirst++;
            }
        }
        finally
        {
            _removing = false;
        }
    }
}
