namespace FwdLLM.Grains.Interfaces;

/// <summary>The cluster could not store what a call asked for, or did not learn that it was stored. The call may be sent again.</summary>
[GenerateSerializer, Alias("fl.statenotsaved.v1")]
public sealed class StateNotSavedException(string grain, string reason)
    : Exception($"The state of '{grain}' could not be stored ({reason}); send the call again.");
