namespace FwdLLM.Learning.Random;

/// <summary>Where a random direction lies in a keyed stream: the three words of the ChaCha nonce, so that only indices travel.</summary>
/// <param name="Round">Nonce word 0: the round.</param>
/// <param name="Slot">Nonce word 1: the device's position in the round's cohort.</param>
/// <param name="Probe">Nonce word 2: the probe's index at that device.</param>
public readonly record struct DirectionAddress(uint Round, uint Slot, uint Probe);
