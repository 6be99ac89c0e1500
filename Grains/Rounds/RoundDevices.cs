using FwdLLM.Grains.Interfaces;

namespace FwdLLM.Grains;

/// <summary>
/// The grains of a round's devices, and what the round asks of them. One may be away with its silo or unreadable: that is told, and is no
/// reason to leave the others waiting.
/// </summary>
/// <param name="grains">Where they are.</param>
/// <param name="parallelism">Calls at a time.</param>
/// <param name="jobId">The round's job.</param>
/// <param name="round">The round.</param>
/// <param name="unreachable">Told of a device that could not be asked.</param>
internal sealed class RoundDevices(IGrainFactory grains, int parallelism, string jobId, uint round, Action<string, Exception> unreachable)
{
    private readonly HashSet<uint> _invited = [];

    /// <summary>It has the work of the current wave.</summary>
    public bool IsInvited(CohortMember member) => _invited.Contains(member.Slot);

    /// <summary>Nobody has the work of the wave that starts.</summary>
    public void StartWave() => _invited.Clear();

    public Task Invite(IReadOnlyList<CohortMember> members, Func<CohortMember, Assignment> work) => ForEach(members, async member =>
    {
        await Device(member).Assign(work(member));
        _invited.Add(member.Slot);
    });

    /// <summary>What they have accepted for the round.</summary>
    public Task GetAccepted(IReadOnlyList<CohortMember> members, Action<CohortMember, IReadOnlyList<Contribution>> found) =>
        ForEach(members, async member => found(member, await Device(member).GetAccepted(jobId, round)));

    /// <summary>The same, and what they accept from now on is late. Fails when one could not be asked, unless its failure is bearable.</summary>
    public Task CloseRound(IReadOnlyList<CohortMember> members, Action<CohortMember, IReadOnlyList<Contribution>> found, Predicate<Exception> isBearable) =>
        ForEach(members, async member => found(member, await Device(member).CloseRound(jobId, round)), isBearable);

    private Task ForEach(IReadOnlyList<CohortMember> members, Func<CohortMember, Task> call, Predicate<Exception>? isBearable = null) =>
        BackgroundCalls.ForEach(members, parallelism, async member =>
        {
            try
            {
                await call(member);
            }
            catch (Exception e) when (isBearable?.Invoke(e) != false)
            {
                unreachable(member.DeviceId, e);
            }
        });

    private IDeviceGrain Device(CohortMember member) => grains.GetGrain<IDeviceGrain>(member.DeviceId);
}
