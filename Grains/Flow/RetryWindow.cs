namespace FwdLLM.Grains;

/// <summary>When to come back: at a random moment of [Least, Most].</summary>
/// <param name="Least">Not before.</param>
/// <param name="Most">Not after.</param>
public readonly record struct RetryWindow(TimeSpan Least, TimeSpan Most);
